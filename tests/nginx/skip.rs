//! Whether a block is to be run.

use std::collections::BTreeMap;

use crate::settings::{Settings, Version};
use crate::value::Value;

/// The reason to leave the block out, if there is one.
pub fn reason(
    sections: &BTreeMap<String, Value>,
    settings: &Settings,
) -> Result<Option<String>, String> {
    let text = |name: &str| {
        let value = sections.get(name).and_then(Value::as_text);
        value.map(|text| String::from_utf8_lossy(text).trim().to_owned())
    };

    if let Some(reason) = text("skip_all") {
        return Ok(Some(reason));
    }
    if sections.contains_key("SKIP") {
        return Ok(Some("--- SKIP".into()));
    }
    if let Some(code) = text("skip_eval") {
        return Ok(Some(format!("--- skip_eval: {code}")));
    }
    if let Some(reason) = by_version(sections, settings.version)? {
        return Ok(Some(reason));
    }
    if let Some(condition) = text("skip_openssl") {
        let openssl = settings.openssl_version();
        let skip = match openssl {
            None => true,
            Some(version) => versions(&condition, version)
                .map_err(|error| format!("--- skip_openssl: {error}"))?,
        };
        if skip {
            return Ok(Some(format!("--- skip_openssl: {condition}")));
        }
    }
    Ok(text("todo").map(|reason| format!("--- todo: {reason}")))
}

/// `--- skip_nginx` and `skip_nginx2`.
pub fn by_version(
    sections: &BTreeMap<String, Value>,
    version: Version,
) -> Result<Option<String>, String> {
    for section in ["skip_nginx", "skip_nginx2"] {
        let Some(condition) = sections.get(section).and_then(Value::as_text) else {
            continue;
        };
        let condition = String::from_utf8_lossy(condition).trim().to_owned();
        let skip =
            versions(&condition, version).map_err(|error| format!("--- {section}: {error}"))?;
        if skip {
            return Ok(Some(format!("--- {section}: {condition}")));
        }
    }
    Ok(None)
}

/// "<count>: < 1.20.0" or "<count>: < 1.20.0 or >= 1.25.1", with an optional
/// ": reason". The count of checks is for prove; a block is one test here.
fn versions(text: &str, version: Version) -> Result<bool, String> {
    let usage = || format!("\"{text}\" is not \"<count>: <op> <version> [and|or <op> <version>]\"");
    let (count, condition) = text.split_once(':').ok_or_else(usage)?;
    count.trim().parse::<u32>().map_err(|_| usage())?;
    let condition = condition.split(':').next().unwrap_or_default();
    let words: Vec<&str> = condition.split_whitespace().collect();
    match words[..] {
        [op, limit] => compare(version, op, limit).ok_or_else(usage),
        [op, limit, joint @ ("and" | "or"), op2, limit2] => {
            let first = compare(version, op, limit).ok_or_else(usage)?;
            let second = compare(version, op2, limit2).ok_or_else(usage)?;
            Ok(if joint == "and" { first && second } else { first || second })
        }
        _ => Err(usage()),
    }
}

fn compare(version: Version, op: &str, limit: &str) -> Option<bool> {
    let limit = Version::parse(limit.trim_end_matches(char::is_alphabetic))?;
    match op {
        "<" => Some(version < limit),
        "<=" => Some(version <= limit),
        ">" => Some(version > limit),
        ">=" => Some(version >= limit),
        _ => None,
    }
}
