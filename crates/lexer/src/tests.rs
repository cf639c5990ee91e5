use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// The length of the body, its end, or what is missing.
fn scan(input: &[u8]) -> Result<usize, Unfinished> {
    let mut lexer = BlockLexer::new(1);
    match lexer.feed(input) {
        Progress::End(n) => Ok(n - 1),
        Progress::More => Err(lexer.finish()),
    }
}

fn body(input: &str) -> &str {
    &input[..scan(input.as_bytes()).unwrap()]
}

/// The whole of each body is the block's, whatever follows.
fn assert_whole(bodies: &[&str]) {
    for text in bodies {
        for after in ["}", "} ", "}}", "}\n}' [[ {", "}\r\nlocation / {"] {
            let input = format!("{text}{after}");
            assert_eq!(scan(input.as_bytes()), Ok(text.len()), "{input:?}");
        }
    }
}

#[test]
fn code() {
    assert_whole(&["", " ", "\n", "\r\n", "x = 1", "\0", "x = a - b", "x = a[b]"]);
}

#[test]
fn nested_braces() {
    assert_whole(&["{}", "{{}{}}", "x = { { 1 }, [2] = {}\n}\n", "{\r\n}\r\n"]);
    assert_eq!(body("{}}}"), "{}");
}

#[test]
fn short_strings() {
    assert_whole(&[
        "'}'", "\"{\"", "'\"}'", "\"'}\"", "'[[}'", "\"--}\"", "''", "'' {} ''", "'\0}'",
    ]);
}

#[test]
fn escapes() {
    assert_whole(&[
        r"'\'}'",
        r#""\"}""#,
        r"'\\' {}",
        r"'\\\'}'",
        r"'\x7d}'",
        r"'\u{7d}'",
        "'\\\n}'",
        "'\\\r\n}'",
        "'\\\r}'",
        "'\\\n\r}'",
        "'\\\n\\\n}'",
    ]);
}

#[test]
fn escape_z_skips_white_space() {
    assert_whole(&[
        "'\\z}'",
        "'\\z \t\x0b\x0c\r\n\n }'",
        "'\\z\n\\'}'",
        "'\\z\n\\z\n}'",
        "'\\z\n' {}",
    ]);
    assert_eq!(body("'\\z\n} \n}'}"), "'\\z\n} \n");
}

#[test]
fn backslash_is_nothing_outside_strings() {
    assert_eq!(body(r"\}"), r"\");
    assert_eq!(body(r"\'}' }"), r"\'}' ");
}

#[test]
fn unfinished_short_string_ends_with_its_line() {
    assert_eq!(body("x = 'it\n }"), "x = 'it\n ");
    assert_eq!(body("x = 'it\r\n }"), "x = 'it\r\n ");
    assert_eq!(body("x = 'it\r }' }"), "x = 'it\r }' ");
    assert_eq!(body("x = 'it }\n }"), "x = 'it }\n ");

    let mut lexer = BlockLexer::new(1);
    assert_eq!(lexer.feed(b"\n'\\\n\n'a'\n"), Progress::More);
    assert_eq!(lexer.unclosed_string(), Some(2));
    assert_eq!(lexer.feed(b"'\n}"), Progress::End(3));
    assert_eq!(lexer.unclosed_string(), Some(2));
}

#[test]
fn long_brackets() {
    assert_whole(&[
        "[[}]]",
        "[==[}]==]",
        "[==[ ]] ]=] ]===] ]= } ]==]",
        "[[}]=]]",
        "[=[}]]=]",
        "[=[}]=]=]",
        "[[\n}'\"--\n]]",
        "[[[}]]",
        "[==[[=[}]==]",
        "[[]]{}",
        "a[b[c]]",
        "a[ [[}]] ]",
    ]);
    assert_eq!(body("[[]]}]]}"), "[[]]");
}

#[test]
fn not_long_brackets() {
    assert_eq!(body("[}"), "[");
    assert_eq!(body("[=}"), "[=");
    assert_eq!(body("[= [}"), "[= [");
    assert_eq!(body("[\n[}"), "[\n[");
    assert_eq!(body("[=='}'}"), "[=='}'");
    assert_eq!(body("[=--}\n}"), "[=--}\n");
    assert_eq!(body("[=[[[}]=]}"), "[=[[[}]=]");
    assert_eq!(body("[=x[[}]]}"), "[=x[[}]]");
    assert_eq!(body("]]}"), "]]");
}

#[test]
fn comments() {
    assert_whole(&[
        "-- }\n",
        "-- { it's\r\n",
        "--\n",
        "---- }\n",
        "--'}\n",
        "--[[}]]",
        "--[==[ ]] } ]==]",
        "--[==[\n}\n]==]{}",
        "--[ }\n",
        "--[= }\n",
        "--[==\n",
        "--[x[[ }\n",
        "---[[ }\n",
        "-- [[ }\n",
        "- -{}",
        "a-{}",
        "-- }\r",
    ]);
    assert_eq!(body("--[\n}"), "--[\n");
    assert_eq!(body("-\n-}"), "-\n-");
    assert_eq!(body("-'-}'}"), "-'-}'");
}

#[test]
fn lines() {
    let mut lexer = BlockLexer::new(10);
    assert_eq!(lexer.line(), 10);
    assert_eq!(lexer.feed(b"\n'\\\n' [[\r\n"), Progress::More);
    assert_eq!(lexer.line(), 13);
    assert_eq!(lexer.feed(b"]] --\n}\n\n"), Progress::End(7));
    assert_eq!(lexer.line(), 14);
}

#[test]
fn nothing_is_consumed_after_the_end() {
    let mut lexer = BlockLexer::new(1);
    assert_eq!(lexer.feed(b"}\n"), Progress::End(1));
    assert_eq!(lexer.feed(b"\n}"), Progress::End(0));
    assert_eq!(lexer.line(), 1);
}

#[test]
fn no_limit_on_length() {
    let million = 1_000_000;
    for text in [
        "x".repeat(million),
        format!("'{}'", "}".repeat(million)),
        format!("[[{}]]", "}".repeat(million)),
        format!("--{}\n", "}".repeat(million)),
        format!("{}{}", "{".repeat(million), "}".repeat(million)),
        format!("[{0}[}}]{0}]", "=".repeat(million)),
    ] {
        assert_eq!(scan(format!("{text}}}").as_bytes()), Ok(text.len()));
    }
}

#[test]
fn unfinished_block() {
    let unfinished = scan(b"\n{\n {\n }\n").unwrap_err();
    assert_eq!(
        unfinished,
        Unfinished::Block { depth: 2, line: 2, start: 1, unclosed_string: None }
    );
    assert_eq!(
        unfinished.to_string(),
        "unexpected end of file, expecting terminating characters for lua code block \
         (the block starts at line 1, the last \"{\" not closed is at line 2)"
    );

    for input in ["", "x", "-", "--", "-- }", "--[", "--[=", "[", "[=", "-- }\n"] {
        assert_eq!(
            scan(input.as_bytes()).unwrap_err().to_string(),
            "unexpected end of file, expecting terminating characters for lua code block \
             (the block starts at line 1)"
        );
    }
}

#[test]
fn unfinished_block_after_a_string() {
    for input in ["\n'}", "\n'\\", "\n'\\\r", "\n'\\z\n", "\n'}\n", "\n'\n'\n"] {
        assert_eq!(
            scan(input.as_bytes()).unwrap_err().to_string(),
            "unexpected end of file, expecting terminating characters for lua code block \
             (the block starts at line 1, a string at line 2 is not closed)"
        );
    }
}

#[test]
fn unfinished_long_bracket() {
    for input in ["\n[==[\n }", "\n[==[ ]", "\n[==[ ]=", "\n[==[ ]==", "\n[==[]]"] {
        assert_eq!(
            scan(input.as_bytes()).unwrap_err(),
            Unfinished::LongBracket { level: 2, line: 2, comment: false }
        );
    }

    assert_eq!(
        scan(b"[==[").unwrap_err().to_string(),
        "Lua code block missing the closing long bracket \"]==]\", \
         the inlined Lua code may be too long (the string \"[==[\" starts at line 1)"
    );
    assert_eq!(
        scan(b"\n--[[ ]").unwrap_err().to_string(),
        "Lua code block missing the closing long bracket \"]]\", \
         the inlined Lua code may be too long (the comment \"--[[\" starts at line 2)"
    );
}

/// Pieces that together make every odd case.
const PIECES: &[&str] = &[
    "{", "}", "[", "]", "=", "-", "--", "[[", "]]", "[=[", "]=]", "--[[", "--[=[", "'", "\"", "\\",
    "z", " ", "\n", "\r", "\r\n", "\\'", "\\\"", "\0", "'}'", "-- c\n",
];

fn soup() -> impl Strategy<Value = Vec<u8>> {
    vec(select(PIECES), 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Valid Lua, as far as the lexer can tell.
fn valid() -> impl Strategy<Value = String> {
    let text =
        vec(select(["}", "{", "=", "[", "--", "\\\\", "\\\n", "\\z\n", " ", "x"].as_slice()), 0..8)
            .prop_map(|pieces| pieces.concat());
    let leaf = prop_oneof![
        Just("x = 1\n".to_owned()),
        text.clone().prop_map(|text| format!("'{text}\"'")),
        text.clone().prop_map(|text| format!("\"{text}'\"")),
        (text.clone(), 0..4_usize).prop_map(|(text, level)| {
            let equals = "=".repeat(level);
            format!("[{equals}[{text}'\n]{equals}]")
        }),
        (text.clone(), 0..4_usize).prop_map(|(text, level)| {
            let equals = "=".repeat(level);
            format!("--[{equals}[{text}'\n]{equals}]")
        }),
        text.prop_map(|text| format!("-- {}'\n", text.replace('\n', " "))),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        vec(inner, 0..8).prop_map(|inner| format!("{{ {} }}", inner.join(" ")))
    })
}

proptest! {
    #[test]
    fn any_split_gives_the_same_result(input in soup(), cuts in vec(any::<Index>(), 0..8)) {
        let mut whole = BlockLexer::new(1);
        let expected = whole.feed(&input);

        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.push(input.len());
        cuts.sort_unstable();

        let mut pieces = BlockLexer::new(1);
        let mut start = 0;
        let mut found = Progress::More;
        for cut in cuts {
            match pieces.feed(&input[start..cut]) {
                Progress::More => start = cut,
                Progress::End(n) => {
                    found = Progress::End(start + n);
                    break;
                }
            }
        }

        prop_assert_eq!(found, expected);
        prop_assert_eq!(pieces.line(), whole.line());
        prop_assert_eq!(pieces.unclosed_string(), whole.unclosed_string());
        if found == Progress::More {
            prop_assert_eq!(pieces.finish(), whole.finish());
        }
    }

    #[test]
    fn the_end_is_a_brace_and_lines_are_newlines(input in soup()) {
        let mut lexer = BlockLexer::new(1);
        let consumed = match lexer.feed(&input) {
            Progress::End(n) => {
                prop_assert_eq!(input[n - 1], b'}');
                n
            }
            Progress::More => input.len(),
        };
        let newlines = input[..consumed].iter().filter(|&&byte| byte == b'\n').count();
        prop_assert_eq!(lexer.line(), 1 + newlines);
    }

    #[test]
    fn valid_code_is_the_whole_body(text in valid(), after in "[{}'\\[\n x-]{0,4}") {
        let input = format!("{text}}}{after}");
        prop_assert_eq!(scan(input.as_bytes()), Ok(text.len()));
    }

    #[test]
    fn any_bytes(input: Vec<u8>) {
        if let Err(unfinished) = scan(&input) {
            let _ = unfinished.to_string();
        }
    }
}
