//! Where the data is: the options shared by all subcommands that work on a data directory.

use std::path::{Path, PathBuf};

use crate::{
    config::{self, Config, TOKENS_FILE},
    vault::admin::Directories,
};

/// The directories of a server.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct Location {
    /// The configuration file; `headcount check` validates it
    #[arg(long, value_name = "FILE", env = "HEADCOUNT_CONFIG")]
    pub config: Option<PathBuf>,
    /// The data directory [default: ./headcount-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The directory for the keys of open periods, best on another volume [default: DATA/keys]
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// The directory for the archive of releases, best on another volume [default: DATA/archive]
    #[arg(long, value_name = "DIR")]
    pub archive: Option<PathBuf>,
}

impl Location {
    /// Only the directories.
    pub fn directories(&self) -> Result<Directories, String> {
        self.config().map(|config| Directories { data: config.data, keys: config.keys, archive: config.archive })
    }

    /// The configuration, overridden by what was typed.
    pub fn config(&self) -> Result<Config, String> {
        let config = match &self.config {
            Some(path) => config::load(path),
            None => config::load_environment(),
        };
        let mut config = config.map_err(|e| e.to_string())?;
        if let Some(data) = &self.data {
            move_along(&mut config.keys, &config.data, data, "keys");
            move_along(&mut config.archive, &config.data, data, "archive");
            move_along(&mut config.tokens, &config.data, data, TOKENS_FILE);
            config.data.clone_from(data);
        }
        if let Some(keys) = &self.keys {
            config.keys.clone_from(keys);
        }
        if let Some(archive) = &self.archive {
            config.archive.clone_from(archive);
        }
        Ok(config)
    }
}

/// A directory at its default place moves with the data directory.
fn move_along(path: &mut PathBuf, from: &Path, to: &Path, name: &str) {
    if *path == from.join(name) {
        *path = to.join(name);
    }
}
