use super::*;

#[test]
fn plain() {
    assert_eq!(BlockLexer::new(1).feed(b"}"), Progress::End(1));
}
