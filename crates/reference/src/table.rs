//! The table as a page of the documentation.

use std::fmt::Write;

use crate::api::{API, Group, Kind, Of};
use crate::constants::CONSTANTS;
use crate::phases::Phases;

/// The text of `docs/api/table.md`.
pub fn table() -> String {
    let mut page = String::new();
    write_table(&mut page).expect("a String takes everything");
    page
}

fn write_table(page: &mut String) -> std::fmt::Result {
    let (done, all) = count();
    writeln!(
        page,
        "<!-- Made from crates/reference by \"make docs\"; do not edit. -->\n\n\
         # All functions, values and constants\n\n\
         What OpenResty's module has, where it works, and whether this one has it. Of {all}\n\
         functions and values, {done} exist; the others are planned.\n\n\
         Names of sets of phases:\n\n\
         | | |\n|---|---|"
    )?;
    for (label, text, phases) in Phases::legend() {
        let names: Vec<_> = phases.names().collect();
        let names = if label == "any" { "all".to_owned() } else { names.join(", ") };
        writeln!(page, "| {label} | {text}: {names} |")?;
    }

    let mut groups: Vec<&Group> = API.iter().collect();
    groups.sort_by_key(|group| (rank(group.of), !is_done(group)));
    let mut last = None;
    for group in groups {
        if last != Some(group.of) {
            heading(page, group.of)?;
            last = Some(group.of);
        }
        for entry in group.entries {
            let call = if entry.kind == Kind::Function { "()" } else { "" };
            let state = match group.page {
                Some(file) => format!("[done]({file})"),
                None => "later".to_owned(),
            };
            writeln!(page, "| `{}{call}` | {} | {state} |", entry.name, entry.phases.label())?;
        }
    }

    writeln!(page, "\n## Constants\n\nFields of `ngx`, in all phases.\n\n| | |\n|---|--:|")?;
    for (name, value) in CONSTANTS {
        writeln!(page, "| `ngx.{name}` | {value} |")?;
    }
    Ok(())
}

fn heading(page: &mut String, of: Of) -> std::fmt::Result {
    match of {
        Of::Globals => writeln!(page, "\n## Global functions and values\n")?,
        Of::Module(name) => {
            let groups: Vec<_> = API.iter().filter(|group| group.of == of).collect();
            let state = if groups.iter().all(|group| is_done(group)) { "" } else { " (later)" };
            writeln!(page, "\n## Module `{name}`{state}\n")?;
            if groups.iter().all(|group| group.entries.is_empty()) {
                return writeln!(page, "Can be required; has nothing but its version.");
            }
        }
        Of::Object(name) => writeln!(page, "\n## Object `{name}`\n")?,
    }
    writeln!(page, "| Name | Phases | |\n|---|---|---|")
}

fn rank(of: Of) -> usize {
    // Objects stay behind the modules that make them.
    match of {
        Of::Globals => 0,
        _ => 1 + API.iter().position(|group| group.of == of).unwrap_or(0),
    }
}

fn is_done(group: &Group) -> bool {
    group.page.is_some()
}

fn count() -> (usize, usize) {
    let count = |groups: &mut dyn Iterator<Item = &Group>| groups.map(|g| g.entries.len()).sum();
    (count(&mut API.iter().filter(|group| is_done(group))), count(&mut API.iter()))
}
