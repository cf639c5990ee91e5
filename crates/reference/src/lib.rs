//! What the Lua API consists of: every function, value and constant, and the
//! phases in which it works. The module registers nothing that is not listed
//! here, `docs/api/table.md` is made from it, and a test compares it with the
//! running module.

mod api;
mod constants;
mod phases;
mod table;

pub use api::{API, Entry, Group, Kind, Of};
pub use constants::CONSTANTS;
pub use phases::{NAMES, Phases};
pub use table::table;

/// Whether there is a global function of this name; with its path, as
/// `ngx.req.get_method`.
pub const fn has_function(name: &str) -> bool {
    let mut group = 0;
    while group < API.len() {
        let Group { of, page, entries } = &API[group];
        let mut i = 0;
        while i < entries.len() && matches!(of, Of::Globals) && page.is_some() {
            if matches!(entries[i].kind, Kind::Function) && phases::equal(entries[i].name, name) {
                return true;
            }
            i += 1;
        }
        group += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_exists() {
        assert!(has_function("ngx.say"));
        assert!(!has_function("ngx.sa"));
        assert!(!has_function("ngx.var"), "not a function");
        assert!(!has_function("connect"), "not a global");
    }

    #[test]
    fn nothing_is_listed_twice() {
        let mut names: Vec<_> = API
            .iter()
            .flat_map(|group| group.entries.iter().map(move |entry| (group.of, entry.name)))
            .map(|(of, name)| format!("{of:?} {name}"))
            .chain(CONSTANTS.iter().map(|(name, _)| format!("constant {name}")))
            .collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn the_page_is_up_to_date() {
        let page = include_str!("../../../docs/api/table.md");
        assert!(
            page == table(),
            "docs/api/table.md is not what the source says; run \"make docs\""
        );
    }
}
