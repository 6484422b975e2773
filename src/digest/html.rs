//! A mail as HTML: one page that loads nothing, with its styles in it, for light and dark, from 320 pixels on.
//!
//! Programs that show mails know little of CSS: colours and sizes stand at the elements, and only the dark ones in a sheet.

use std::fmt::Write as _;

use super::letter::{Letter, Part, Row, Towards};
use crate::report::escaped;

const SHEET: &str = "@media (prefers-color-scheme: dark){\
.page{background:#15171c!important;color:#e9ecf1!important}.muted{color:#a9b1bd!important}.link{color:#86b4ff!important}\
.up{color:#6fd3a3!important}.down{color:#ff9b94!important}.line{border-color:#3a404b!important}}";
const PAGE: &str = "margin:0;padding:0;background:#ffffff;color:#1a1c21;\
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Hiragino Sans','Yu Gothic UI','Noto Sans JP',sans-serif";
const SHELL: &str = "max-width:640px;margin:0 auto;padding:24px 16px";
const MUTED: &str = "color:#555b66";
const TABLE: &str = "width:100%;border-collapse:collapse;margin:0 0 20px";
const EDGE: &str = "border-bottom:1px solid #d9dde3";
const NUMBER: &str = "text-align:right;white-space:nowrap;vertical-align:top;font-variant-numeric:tabular-nums";

pub(super) fn write(letter: &Letter) -> String {
    let mut body = format!(
        "<h1 style=\"font-size:24px;line-height:1.25;margin:0 0 4px\">{}</h1>\n<p class=\"muted\" style=\"{MUTED};margin:0 0 20px\">{}</p>\n",
        escaped(&letter.title),
        escaped(&letter.period)
    );
    body.push_str(&figures(&letter.figures));
    body.push_str(&heading(letter.changes_heading));
    letter.changes.iter().for_each(|of| body.push_str(&part(of, 3)));
    let _ =
        writeln!(body, "<p class=\"muted\" style=\"{MUTED};margin:0 0 24px\">{}</p>", escaped(&letter.about_changes));
    if !letter.notes.is_empty() {
        let items: String = letter.notes.iter().map(|note| format!("<li>{}</li>", escaped(note))).collect();
        let _ = writeln!(body, "<ul style=\"margin:0 0 24px;padding-left:20px\">{items}</ul>");
    }
    letter.tables.iter().for_each(|of| body.push_str(&part(of, 2)));
    if let Some((words, url)) = &letter.link {
        let (words, url) = (escaped(words), escaped(url));
        let _ = writeln!(
            body,
            "<p style=\"margin:0 0 24px\"><a class=\"link\" style=\"color:#0f4fbf\" href=\"{url}\">{words}</a></p>"
        );
    }
    let foot: String =
        letter.foot.iter().map(|line| format!("<p style=\"margin:0 0 6px\">{}</p>", escaped(line))).collect();
    let _ = writeln!(
        body,
        "<div class=\"muted line\" style=\"{MUTED};border-top:1px solid #d9dde3;padding-top:12px;font-size:14px\">{foot}</div>"
    );
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{SHEET}</style>\n</head>\n\
         <body class=\"page\" style=\"{PAGE}\">\n<div style=\"{SHELL}\">\n{body}</div>\n</body>\n</html>\n",
        letter.language_tag(),
        escaped(&letter.subject)
    )
}

fn heading(text: &str) -> String {
    format!("<h2 style=\"font-size:18px;line-height:1.3;margin:0 0 8px\">{}</h2>\n", escaped(text))
}

/// The main numbers: each with its change below it, so that both fit a narrow screen.
fn figures(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("<table style=\"{TABLE}\">\n");
    for row in rows {
        let [name, number, remark] = [&row.name, &row.number, &row.remark].map(|text| escaped(text));
        let remark = match remark.as_str() {
            "" => String::new(),
            remark => {
                format!("<br><span class=\"{}\" style=\"font-size:14px;{}\">{remark}</span>", class(row), colour(row))
            }
        };
        let _ = writeln!(
            text,
            "<tr><th scope=\"row\" class=\"line\" style=\"{EDGE};padding:8px 12px 8px 0;text-align:left;font-weight:400;vertical-align:top\">{name}</th>\
             <td class=\"line\" style=\"{EDGE};padding:8px 0;text-align:right;font-variant-numeric:tabular-nums\"><strong style=\"font-size:18px\">{number}</strong>{remark}</td></tr>"
        );
    }
    text.push_str("</table>\n");
    text
}

fn part(of: &Part, level: u8) -> String {
    let (heading, counted) = (escaped(&of.heading), escaped(of.counted));
    let size = if level == 2 { 18 } else { 16 };
    let mut text = format!(
        "<h{level} style=\"font-size:{size}px;line-height:1.3;margin:0 0 4px\">{heading} <span class=\"muted\" style=\"{MUTED};font-size:14px;font-weight:400\">{counted}</span></h{level}>\n\
         <table style=\"{TABLE}\">\n"
    );
    for row in &of.rows {
        let [name, number, remark] = [&row.name, &row.number, &row.remark].map(|text| escaped(text));
        let lines = [number, format!("<span class=\"{}\" style=\"{}\">{remark}</span>", class(row), colour(row))];
        let [number, remark] = lines;
        let number = match (number.is_empty(), row.remark.is_empty()) {
            (false, true) => number,
            (true, _) => remark,
            (false, false) => format!("{number}<br>{remark}"),
        };
        let _ = writeln!(
            text,
            "<tr><th scope=\"row\" class=\"line\" style=\"{EDGE};padding:6px 12px 6px 0;text-align:left;font-weight:400;vertical-align:top;word-break:break-word;overflow-wrap:anywhere\">{name}</th>\
             <td class=\"line\" style=\"{EDGE};padding:6px 0;{NUMBER}\">{number}</td></tr>"
        );
    }
    text.push_str("</table>\n");
    text
}

fn class(row: &Row) -> &'static str {
    match row.towards {
        Towards::Up => "up",
        Towards::Down => "down",
        Towards::Nowhere => "muted",
    }
}

fn colour(row: &Row) -> &'static str {
    match row.towards {
        Towards::Up => "color:#00643c",
        Towards::Down => "color:#9c1f1f",
        Towards::Nowhere => MUTED,
    }
}
