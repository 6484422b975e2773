//! What holds under either rule.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn shares_never_add_up_to_more(total in any::<u64>(), cuts in prop::collection::vec(0_u16..=10_000, 0..6)) {
        let mut cuts = cuts;
        cuts.extend([0, BASIS_POINTS_ALL]);
        cuts.sort_unstable();
        let sum: u128 = cuts.windows(2).map(|pair| u128::from(rho_share(RhoNano(total), pair[1] - pair[0]).0)).sum();
        prop_assert!(sum <= u128::from(total));
        prop_assert!(u128::from(total) - sum <= 10);
    }
}

#[test]
fn the_default_promise_buys_a_sixth_more_than_under_the_rule_before() {
    let rho = |rule: Accounting| rule.rho_of(3.0, 1e-7 - rule.delta_keys(1e-7)).0;
    assert_eq!(rho(Accounting::Concentrated), 150_420_556);
    assert_eq!(rho(Accounting::Gaussian), 174_622_294);
}
