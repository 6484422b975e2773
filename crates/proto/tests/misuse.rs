//! Misuse of the messages must not compile: what carries an event cannot be printed.

#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("../../tests/fail/wire/*.rs");
}
