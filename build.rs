//! Tells the compiler which nginx this build is for, and generates the
//! bindings that nginx-sys does not have.

use std::env;
use std::fs;
use std::path::PathBuf;

/// The nginx versions at which an interface that we use changed.
const INTERFACE_CHANGES: &[(u32, &str)] = &[
    // headers_in.cookie is a linked list; multi headers hang on `next`.
    (1_023_000, "nginx_1_23_0"),
];

fn main() {
    nginx_version();
    bindings();
    openssl();
    pcre2();
    link_arguments();
}

fn nginx_version() {
    let version: u32 = metadata("VERSION_NUMBER").parse().expect("nginx version number");

    for (since, name) in INTERFACE_CHANGES {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if version >= *since {
            println!("cargo::rustc-cfg={name}");
        }
    }

    println!("cargo::rustc-check-cfg=cfg(ngx_feature, values({}))", metadata("FEATURES_CHECK"));
    for feature in metadata("FEATURES").split(',').filter(|f| !f.is_empty()) {
        println!("cargo::rustc-cfg=ngx_feature=\"{feature}\"");
    }

    // The tests run this nginx when it was built beside its headers.
    println!("cargo::rustc-env=NGINX_BUILD_DIR={}", metadata("BUILD_DIR"));
}

fn bindings() {
    println!("cargo::rerun-if-changed=src/sys/wrapper.h");

    bindgen::Builder::default()
        .header("src/sys/wrapper.h")
        .clang_args(nginx_arguments())
        .allowlist_item("ngx_http_rewrite_.*")
        .allowlist_recursively(false)
        .use_core()
        .layout_tests(false)
        .merge_extern_blocks(true)
        .generate()
        .expect("bindings for src/sys/wrapper.h")
        .write_to_file(out_dir().join("bindings.rs"))
        .expect("a writable OUT_DIR");
}

/// How the compiler finds nginx's headers.
fn nginx_arguments() -> Vec<String> {
    let includes = metadata("INCLUDE");
    // nginx-sys 0.5 writes this one under the name "metadata".
    let cflags = metadata("METADATA");
    let cflags = cflags.strip_prefix("cflags=").unwrap_or_default();
    env::split_paths(&includes)
        .map(|path| format!("-I{}", path.display()))
        .chain(cflags.split_whitespace().map(String::from))
        .collect()
}

/// Binds what is used of OpenSSL, and of nginx's code around it, as a table that
/// is filled in at run time: an nginx without TLS loads the module too, and one
/// that has OpenSSL built in must not get a second one.
fn openssl() {
    println!("cargo::rerun-if-changed=src/sys/openssl.txt");

    if !metadata("FEATURES").split(',').any(|feature| feature == "ssl") {
        return;
    }
    let names = fs::read_to_string("src/sys/openssl.txt").expect("src/sys/openssl.txt");

    let mut bindings = bindgen::Builder::default()
        .header("src/sys/wrapper.h")
        .clang_args(nginx_arguments())
        .dynamic_library_name("OpenSsl")
        .dynamic_link_require_all(true)
        .allowlist_recursively(false)
        .use_core()
        .layout_tests(false);
    for name in names.lines() {
        bindings = bindings.allowlist_function(name);
    }
    bindings
        .generate()
        .expect("bindings for src/sys/openssl.txt")
        .write_to_file(out_dir().join("openssl.rs"))
        .expect("a writable OUT_DIR");
}

/// Binds PCRE2 and links it: the system's library, which nginx has loaded.
fn pcre2() {
    println!("cargo::rerun-if-changed=src/sys/pcre2.h");

    let library = pkg_config::Config::new()
        .atleast_version("10.34")
        .probe("libpcre2-8")
        .unwrap_or_else(|error| panic!("PCRE2's development files are needed: {error}"));
    let includes = library.include_paths.iter().map(|path| format!("-I{}", path.display()));

    bindgen::Builder::default()
        .header("src/sys/pcre2.h")
        .clang_args(includes)
        .allowlist_function("pcre2_[a-z_]+")
        .allowlist_var("PCRE2_.*")
        .parse_callbacks(Box::new(WithoutWidth))
        .use_core()
        .layout_tests(false)
        .merge_extern_blocks(true)
        .generate()
        .expect("bindings for src/sys/pcre2.h")
        .write_to_file(out_dir().join("pcre2.rs"))
        .expect("a writable OUT_DIR");
}

/// Gives PCRE2's functions and types the names that its macros give them in C.
#[derive(Debug)]
struct WithoutWidth;

impl bindgen::callbacks::ParseCallbacks for WithoutWidth {
    fn generated_name_override(&self, item: bindgen::callbacks::ItemInfo<'_>) -> Option<String> {
        item.name.strip_suffix("_8").map(String::from)
    }

    fn item_name(&self, item: bindgen::callbacks::ItemInfo<'_>) -> Option<String> {
        item.name.strip_suffix("_8").map(String::from)
    }
}

fn out_dir() -> PathBuf {
    PathBuf::from(env::var_os("OUT_DIR").expect("OUT_DIR is set by cargo"))
}

fn link_arguments() {
    // nginx's symbols come from the program that loads the module.
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("macos") {
        println!("cargo::rustc-link-arg-cdylib=-undefined");
        println!("cargo::rustc-link-arg-cdylib=dynamic_lookup");
    }
}

/// What nginx-sys tells its direct dependents.
fn metadata(name: &str) -> String {
    let key = format!("DEP_NGINX_{name}");
    println!("cargo::rerun-if-env-changed={key}");
    env::var(&key)
        .unwrap_or_else(|_| panic!("{key} is not set: nginx-sys must be a direct dependency"))
}
