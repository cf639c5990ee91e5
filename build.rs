//! Tells the compiler which nginx this build is for, and generates the
//! bindings that nginx-sys does not have.

use std::env;
use std::path::PathBuf;

/// The nginx versions at which an interface that we use changed.
const INTERFACE_CHANGES: &[(u32, &str)] = &[
    // headers_in.cookie is a linked list; multi headers hang on `next`.
    (1_023_000, "nginx_1_23_0"),
];

fn main() {
    nginx_version();
    bindings();
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

    let includes = metadata("INCLUDE");
    // nginx-sys 0.5 writes this one under the name "metadata".
    let cflags = metadata("METADATA");
    let cflags = cflags.strip_prefix("cflags=").unwrap_or_default();
    let args = env::split_paths(&includes)
        .map(|path| format!("-I{}", path.display()))
        .chain(cflags.split_whitespace().map(String::from));

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("OUT_DIR is set by cargo"));

    bindgen::Builder::default()
        .header("src/sys/wrapper.h")
        .clang_args(args)
        .allowlist_item("ngx_http_rewrite_.*")
        .allowlist_recursively(false)
        .use_core()
        .layout_tests(false)
        .merge_extern_blocks(true)
        .generate()
        .expect("bindings for src/sys/wrapper.h")
        .write_to_file(out.join("bindings.rs"))
        .expect("a writable OUT_DIR");
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
