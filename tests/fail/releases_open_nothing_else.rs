// What reads releases holds no way to the cells behind them.
fn look(releases: &headcount_vault::Releases) {
    releases.inner.lane.get(b"o/");
}
fn main() {}
