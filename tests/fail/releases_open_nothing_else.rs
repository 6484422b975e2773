// What reads releases holds no way to the cells behind them.
fn look(releases: &headcount::vault::Releases) {
    releases.inner.disk.get(b"c/");
}
fn main() {}
