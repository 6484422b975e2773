//! Column layout for a terminal: cells, alignment by display width, blocks side by side, wrapping, colours.
//!
//! It knows nothing of statistics, and measures text in columns, never in bytes: wide characters take two.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::value::cut_middle;

/// Columns between two columns of a table.
const GAP: usize = 2;
/// The minimum width of a column that may be cut.
const FLEXIBLE_MIN: usize = 8;

/// The role of a text, which decides its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Heading,
    Dim,
    Accent,
    Up,
    Down,
    Warn,
}

impl Ink {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Heading => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Accent => AnsiColor::Cyan.on_default(),
            Self::Up => AnsiColor::Green.on_default(),
            Self::Down => AnsiColor::Magenta.on_default(),
            Self::Warn => AnsiColor::Yellow.on_default(),
        }
    }

    /// The text in this style; unchanged without colours.
    pub(super) fn paint(self, text: &str, colour: bool) -> String {
        if !colour || self == Self::Plain || text.trim().is_empty() {
            return text.to_owned();
        }
        let style = self.style();
        // Trailing spaces stay outside, so that they can be trimmed at the end of a line.
        let (inked, spaces) = text.split_at(text.trim_end().len());
        format!("{style}{inked}{style:#}{spaces}")
    }
}

/// One styled line, with its width in columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) columns: usize,
}

impl Line {
    pub(super) fn new(text: &str, ink: Ink, colour: bool) -> Self {
        Self { text: ink.paint(text, colour), columns: text.width() }
    }

    /// Adds a text `columns` wide, padded on the left or right. Padding has no style.
    fn push(&mut self, cell: &Cell, columns: usize, align: Align, colour: bool) {
        let text = cut_middle(&cell.text, columns);
        let padding = " ".repeat(columns.saturating_sub(text.width()));
        let painted = cell.ink.paint(&text, colour);
        match align {
            Align::Left => self.text.push_str(&format!("{painted}{padding}")),
            Align::Right => self.text.push_str(&format!("{padding}{painted}")),
        }
        self.columns += columns;
    }

    fn pad_to(&mut self, columns: usize) {
        let missing = columns.saturating_sub(self.columns);
        self.text.push_str(&" ".repeat(missing));
        self.columns += missing;
    }
}

/// The alignment of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// One cell.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) ink: Ink,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>, ink: Ink) -> Self {
        Self { text: text.into(), ink }
    }

    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Ink::Plain)
    }
}

/// A column: its head and its cells from top to bottom.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) head: &'static str,
    pub(super) align: Align,
    /// Whether its texts may be shortened in the middle to make the table fit.
    pub(super) flexible: bool,
    pub(super) cells: Vec<Cell>,
}

impl Column {
    pub(super) fn right(head: &'static str, cells: Vec<Cell>) -> Self {
        Self { head, align: Align::Right, flexible: false, cells }
    }

    pub(super) fn left(head: &'static str, cells: Vec<Cell>) -> Self {
        Self { head, align: Align::Left, flexible: false, cells }
    }

    pub(super) fn key(head: &'static str, cells: Vec<Cell>) -> Self {
        Self { head, align: Align::Left, flexible: true, cells }
    }

    /// The width of its widest text, in columns.
    pub(super) fn width(&self) -> usize {
        let widest = self.cells.iter().map(|cell| cell.text.width()).max().unwrap_or(0);
        widest.max(self.head.width())
    }
}

/// A table by columns, with an optional rule above one row, such as the first of the totals.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rule_above_row: Option<usize>,
}

impl Table {
    /// The width of the table if nothing is shortened, in columns.
    pub(super) fn natural_width(&self) -> usize {
        let gaps = GAP * self.columns.len().saturating_sub(1);
        self.columns.iter().map(Column::width).sum::<usize>() + gaps
    }

    /// The head and the rows, in at most `width` columns if the flexible columns allow it.
    pub(super) fn lines(&self, width: usize, colour: bool) -> Vec<Line> {
        let widths = self.fit(width);
        let heads = self.columns.iter().map(|column| Cell::new(column.head, Ink::Dim)).collect();
        let mut lines = vec![self.line(&widths, heads, colour)];
        let rows = self.columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
        for row in 0..rows {
            if self.rule_above_row == Some(row) {
                let total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
                lines.push(Line::new(&"─".repeat(total), Ink::Dim, colour));
            }
            let cell = |column: &Column| column.cells.get(row).cloned().unwrap_or_else(|| Cell::plain(""));
            lines.push(self.line(&widths, self.columns.iter().map(cell).collect(), colour));
        }
        lines
    }

    fn fit(&self, width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(Column::width).collect();
        let mut excess = self.natural_width().saturating_sub(width);
        for (column, columns) in self.columns.iter().zip(&mut widths) {
            if column.flexible {
                let cut = excess.min(columns.saturating_sub(FLEXIBLE_MIN));
                *columns -= cut;
                excess -= cut;
            }
        }
        widths
    }

    fn line(&self, widths: &[usize], cells: Vec<Cell>, colour: bool) -> Line {
        let mut line = Line::default();
        for ((column, cell), width) in self.columns.iter().zip(&cells).zip(widths) {
            if line.columns > 0 {
                line.pad_to(line.columns + GAP);
            }
            line.push(cell, *width, column.align, colour);
        }
        line
    }
}

/// Puts blocks beside each other, `across` a row, in equal shares of `width` columns with `gap` between them.
pub(super) fn beside(blocks: Vec<Vec<Line>>, across: usize, gap: usize, width: usize) -> Vec<Line> {
    let across = across.max(1);
    let share = share_columns(across, gap, width);
    let mut lines = Vec::new();
    for group in blocks.chunks(across) {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        for row in 0..group.iter().map(Vec::len).max().unwrap_or(0) {
            let mut line = Line::default();
            for (at, block) in group.iter().enumerate() {
                line.pad_to(at * (share + gap));
                if let Some(part) = block.get(row) {
                    line.text.push_str(&part.text);
                    line.columns += part.columns;
                }
            }
            lines.push(line);
        }
    }
    lines
}

/// The width of each of `across` blocks, in columns.
pub(super) fn share_columns(across: usize, gap: usize, width: usize) -> usize {
    width.saturating_sub(gap * across.saturating_sub(1)) / across.max(1)
}

/// A space at which [`wrap`] does not break; printed as an ordinary space.
pub(super) const NO_BREAK: char = '\u{A0}';

/// Wraps a text at spaces into lines of at most `width` columns; later lines are indented by `indent`. A longer word
/// is not cut.
pub(super) fn wrap(text: &str, width: usize, indent: usize, ink: Ink, colour: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut current = String::new();
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let word = word.replace(NO_BREAK, " ");
        if !current.trim().is_empty() && current.width() + 1 + word.width() > width {
            lines.push(Line::new(&current, ink, colour));
            current = " ".repeat(indent);
        } else if !current.trim().is_empty() {
            current.push(' ');
        }
        current.push_str(&word);
    }
    if !current.trim().is_empty() {
        lines.push(Line::new(&current, ink, colour));
    }
    lines
}

/// Joins lines into the text of a report, without spaces at the ends of lines.
pub(super) fn join(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.text.trim_end());
        text.push('\n');
    }
    text
}
