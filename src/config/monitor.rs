//! Where metrics and health are read: the section `[monitor]`. Off until it is asked for, and on loopback alone: it is for programs of
//! this machine.

use std::net::SocketAddr;

use super::{Problem, raw, web::web_listen};

/// What the section means: the address, where there is one.
pub(super) fn monitor(raw: raw::Monitor) -> Result<Option<SocketAddr>, Problem> {
    let problem = |what: String| Problem::new(&["monitor", "listen"], what);
    let Some(address) = raw.listen.as_deref().map(web_listen).transpose().map_err(problem)?.flatten() else {
        return Ok(None);
    };
    if !address.ip().is_loopback() {
        let what = format!(
            "{address} is not a loopback address; allowed: one such as 127.0.0.1:9464, with a proxy in front for others"
        );
        return Err(problem(what));
    }
    Ok(Some(address))
}
