//! The README's first command: a month of made-up traffic through the real server, in one go.

use crate::harness::{run, text};

#[test]
fn the_demo_prints_published_numbers_beside_the_truth() {
    let output = run(&["demo", "--exit"]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    for word in ["Shipped www", "Shipped embassy", "visits", "visitors", "Firefox", "intervals hold the true value"] {
        assert!(printed.contains(word), "no {word:?} in:\n{printed}");
    }
    assert!(!printed.contains("hanako.yamada") && !printed.contains("@example.jp"), "{printed}");
}
