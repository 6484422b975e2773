//! An administrator's work: backup of a running server, export, verify, restore. The statistics are the same afterwards, and
//! damage is named, with an exit code that a script can use.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use headcount::proto::PeriodKind;

use crate::{
    faults::truth,
    harness::{House, Server, all_bytes, log_lines, run, text},
};

fn path(house: &House, name: &str) -> String {
    house.path(name).display().to_string()
}

/// A subcommand on the house's directories: exit code, standard output and error.
fn upkeep(house: &House, command: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let (data, keys) = (path(house, "data"), path(house, "keys"));
    let mut args = vec![command, "--data", &data, "--keys", &keys];
    args.extend(more);
    let output = run(&args);
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A server that has published all there is to publish, and a day of it.
fn published(house: &House) -> (Server, serde_json::Value) {
    let server = house.serve();
    let file = house.write("access.txt", log_lines(0, 2_000));
    let (code, ..) = server.ship("www", &file, &[]);
    assert_eq!(code, Some(0));
    // The quarter is the last: a backup that is taken before has less than the archive soon after.
    let last = ("www".to_owned(), PeriodKind::Quarter, "2015-04-01".to_owned());
    server.wait_until(|server| truth::export(&server.url()).ok()?.remove(&last));
    let traffic = reported(&server);
    (server, traffic)
}

fn reported(server: &Server) -> serde_json::Value {
    server.report("www", &["--from", "2015-05-17", "--to", "2015-05-17"])["traffic"].clone()
}

#[test]
fn a_backup_of_a_running_server_puts_everything_back() {
    let house = House::new();
    let (server, traffic) = published(&house);
    let backup = path(&house, "backup");
    let (code, out, err) = upkeep(&house, "backup", &[&backup]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("checked"), "{out}");
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o077, 0, "nobody else may read it");
    let (code, out, _) = upkeep(&house, "backup", &[&backup]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "an existing file is left as it is");
    let (code, out, _) = upkeep(&house, "verify", &[]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("a server is running"), "{out}");

    // A drill beside the server, which leaves nothing behind; with a backup that is cut, it fails and says so.
    let before = fs::read_dir(house.directory.path()).unwrap().count();
    let (code, out, err) = upkeep(&house, "restore", &["--drill", "--backup", &backup]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("the drill succeeded") && !out.starts_with("0 "), "{out}");
    let whole = fs::read(&backup).unwrap();
    let cut = house.write("cut", &whole[..whole.len() / 2]);
    let (code, _, err) = upkeep(&house, "restore", &["--drill", "--backup", &cut]);
    assert_eq!(code, Some(1));
    assert!(err.contains("the drill failed"), "{err}");
    fs::remove_file(&cut).unwrap();
    assert_eq!(fs::read_dir(house.directory.path()).unwrap().count(), before);
    server.kill();

    fs::remove_dir_all(house.path("data").join("db")).unwrap();
    let (code, out, err) = upkeep(&house, "restore", &["--backup", &backup]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("0 releases taken from the archive"), "{out}");
    let server = house.serve();
    assert_eq!(reported(&server), traffic);
    // The server knows that log.
    let file = path(&house, "access.txt");
    let (_, again, _) = server.ship("www", &file, &[]);
    assert_eq!(again["sent"].as_u64(), Some(0), "{again}");
    server.stop();
    let (code, out, _) = upkeep(&house, "verify", &[]);
    assert_eq!((code, out.ends_with("nothing is damaged\n")), (Some(0), true), "{out}");
}

#[test]
fn a_lost_database_comes_back_from_an_export_or_the_archive() {
    let house = House::new();
    let (server, traffic) = published(&house);
    let to = path(&house, "export");
    let (code, _, err) = upkeep(&house, "export", &["--to", &to]);
    assert_eq!(code, Some(1));
    assert!(err.contains("in use by another headcount process"), "{err}");
    server.stop();
    let (code, _, err) = upkeep(&house, "export", &["--to", &to]);
    assert_eq!(code, Some(0), "{err}");

    let other = House::new();
    let (code, _, err) = upkeep(&other, "restore", &["--from", &to]);
    assert_eq!(code, Some(0), "{err}");
    let again = path(&other, "export");
    assert_eq!(upkeep(&other, "export", &["--to", &again]).0, Some(0));
    assert_eq!(relative(&house.path("export")), relative(&other.path("export")));
    let server = other.serve();
    assert_eq!(reported(&server), traffic);
    server.stop();

    // From the archive only, in place.
    fs::remove_dir_all(house.path("data").join("db")).unwrap();
    let (code, err) = house.serve_fails(&[]);
    assert_eq!(code, Some(1));
    assert!(err.contains("headcount restore") && !err.contains("panicked"), "{err}");
    assert_eq!(upkeep(&house, "restore", &[]).0, Some(0));
    let server = house.serve();
    assert_eq!(reported(&server), traffic);
    server.stop();
}

fn relative(root: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files: Vec<_> =
        all_bytes(root).into_iter().map(|(path, bytes)| (path.strip_prefix(root).unwrap().to_owned(), bytes)).collect();
    files.sort();
    files
}

#[test]
fn what_cannot_be_done_is_said() {
    let house = House::new();
    let (code, _, err) = upkeep(&house, "restore", &[]);
    assert_eq!(code, Some(2));
    assert!(err.contains("there is no archive"), "{err}");
    let (code, _, err) = upkeep(&house, "verify", &[]);
    assert_eq!(code, Some(1), "{err}");
    let file = house.write("no-backup", "something else");
    let (code, _, err) = upkeep(&house, "verify", &["--backup", &file]);
    assert_eq!(code, Some(1));
    assert!(err.contains("is no backup"), "{err}");
    let (code, _, err) = upkeep(&house, "restore", &["--backup", &file]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("is no backup"), "{err}");
    assert!(!house.path("data").join("db").exists());
}

#[test]
fn a_backup_alone_restores_on_a_new_machine_and_says_what_it_could_not_check() {
    let house = House::new();
    let (server, traffic) = published(&house);
    let backup = path(&house, "backup");
    assert_eq!(upkeep(&house, "backup", &[&backup]).0, Some(0));
    server.stop();

    let other = House::new();
    let missing = path(&other, "elsewhere");
    let (code, _, err) = upkeep(&other, "restore", &["--backup", &backup, "--archive", &missing]);
    assert_eq!(code, Some(1), "an archive that was named must be there");
    assert!(err.contains("there is no archive") && err.contains("--from"), "{err}");
    let (code, out, err) = upkeep(&other, "restore", &["--backup", &backup]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("could not be checked") && out.contains("--give-up copy"), "{out}");
    // The keys stayed where they were, so what was open is given up.
    let (code, err) = other.serve_fails(&[]);
    assert_eq!(code, Some(1), "{err}");
    fs::remove_dir_all(other.path("keys")).unwrap();
    let copied = Command::new("cp").arg("-a").args([house.path("keys"), other.path("keys")]).status();
    assert!(copied.expect("cp runs").success());
    let server = other.serve();
    assert_eq!(reported(&server), traffic);
    server.stop();
    let (code, out, _) = upkeep(&other, "verify", &[]);
    assert_eq!((code, out.ends_with("nothing is damaged\n")), (Some(0), true), "{out}");
}
