//! The results as pictures: bar charts in plain SVG, readable on light and on dark pages.

use std::fmt::{self, Write};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::options::Options;
use crate::subject::Subject;
use crate::table::{self, Figures, Measure, Results};

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 24.0;
/// Where bars begin, right of the subjects' names.
const BARS: f64 = 218.0;
/// Of the longest bar: what is left of it is for its value.
const LONGEST: f64 = 440.0;
const ROW: f64 = 24.0;
const BAR: f64 = 14.0;
const HEAD: f64 = 70.0;
const GROUP_HEAD: f64 = 24.0;
const GROUP_GAP: f64 = 14.0;
const FOOT: f64 = 32.0;

const MICROSECONDS_OF_A_MILLISECOND: f64 = 1e3;
const BYTES_OF_A_MEBIBYTE: f64 = (1 << 20) as f64;

/// A card of its own ground, for a page may be dark where the reader's system is light.
const STYLE: &str = "
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif; fill: #39424e }
  .title { font-size: 16px; font-weight: 600; fill: #1c232c }
  .group, .ours { font-weight: 600; fill: #1c232c }
  .small { font-size: 12px; fill: #6b7684 }
  .card { fill: #fff; stroke: #dfe3e8 }
  .bar { fill: #b4bfcb }
  .bar.floor { fill: #dce1e7 }
  .bar.penstock { fill: #2f6ea8 }
  @media (prefers-color-scheme: dark) {
    text { fill: #c3cbd5 }
    .title, .group, .ours { fill: #eef1f5 }
    .small { fill: #8f9bab }
    .card { fill: #161b22; stroke: #2d3540 }
    .bar { fill: #566373 }
    .bar.floor { fill: #3a4552 }
    .bar.penstock { fill: #62a5e3 }
  }
";

/// What the length of a bar is measured by.
#[derive(Clone, Copy, PartialEq)]
enum Scale {
    /// The largest value of its group: groups are not to be compared.
    OfGroup,
    /// The largest value of the chart.
    OfChart,
}

struct Chart {
    file: &'static str,
    title: &'static str,
    /// Behind each value.
    unit: &'static str,
    scale: Scale,
    groups: Vec<Group>,
}

struct Group {
    name: &'static str,
    bars: Vec<(Subject, f64)>,
}

impl Group {
    fn of(
        results: &Results,
        (name, measure): (&'static str, Measure),
        value: impl Fn(&Figures) -> Option<f64>,
    ) -> Group {
        Group {
            name,
            bars: results.medians(measure, value),
        }
    }

    fn largest(&self) -> f64 {
        self.bars
            .iter()
            .map(|(_, value)| *value)
            .fold(0.0, f64::max)
    }

    fn height(&self) -> f64 {
        GROUP_HEAD + ROW * self.bars.len() as f64 + GROUP_GAP
    }
}

/// Writes a file for each chart, but those for which nothing was measured.
pub fn write_all(results: &Results, options: &Options, directory: &Path) {
    fs::create_dir_all(directory).expect("the directory of pictures can be had");
    let foot = foot(options);
    for chart in [cpu(results), first_calls(results), memory(results)] {
        if chart.groups.iter().all(|group| group.bars.is_empty()) {
            continue;
        }
        let picture = chart.draw(&foot).expect("memory can be written to");
        fs::write(directory.join(chart.file), picture).expect("the pictures are writable");
    }
}

/// Where and when it was measured, and how often.
fn foot(options: &Options) -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let (day, _) = now.split_once('T').expect("a day and a time");
    let of = match options.rounds {
        1 => "one round".to_owned(),
        rounds => format!("medians of {rounds} rounds"),
    };
    format!("{}; {day}; {of}", table::machine())
}

fn cpu(results: &Results) -> Chart {
    let groups = [
        ("64 calls in flight", Measure::InFlight64),
        ("8 calls in flight", Measure::InFlight8),
        ("Batches of 100", Measure::Batch),
    ];
    Chart {
        file: "cpu.svg",
        title: "CPU time of the server for an event",
        unit: "µs",
        scale: Scale::OfGroup,
        groups: groups
            .map(|group| Group::of(results, group, |one| Some(one.cpu_each)))
            .into(),
    }
}

fn first_calls(results: &Results) -> Chart {
    let milliseconds = |value: f64| Some(value / MICROSECONDS_OF_A_MILLISECOND);
    let p50 = |one: &Figures| milliseconds(one.p50);
    let p99 = |one: &Figures| milliseconds(one.p99);
    let (close, apart) = (Measure::FirstCall, Measure::FirstCallApart);
    Chart {
        file: "first-calls.svg",
        title: "First call of a new version",
        unit: "ms",
        scale: Scale::OfChart,
        groups: vec![
            Group::of(results, ("One after the other, p50", close), p50),
            Group::of(results, ("One after the other, p99", close), p99),
            Group::of(results, ("50 a second, p50", apart), p50),
            Group::of(results, ("50 a second, p99", apart), p99),
        ],
    }
}

fn memory(results: &Results) -> Chart {
    let group = ("After its first call", Measure::FirstCall);
    let mebibytes = |one: &Figures| Some(one.bytes_each? / BYTES_OF_A_MEBIBYTE);
    Chart {
        file: "memory.svg",
        title: "Memory of a resident version",
        unit: "MiB",
        scale: Scale::OfChart,
        groups: vec![Group::of(results, group, mebibytes)],
    }
}

impl Chart {
    fn draw(&self, foot: &str) -> Result<String, fmt::Error> {
        let groups: f64 = self.groups.iter().map(Group::height).sum();
        let height = HEAD + groups + FOOT;
        let mut to = String::new();
        writeln!(
            to,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-labelledby="title">"#
        )?;
        writeln!(to, r#"<title id="title">{}</title>"#, self.title)?;
        writeln!(to, "<style>{STYLE}</style>")?;
        writeln!(
            to,
            r#"<rect class="card" x="0.5" y="0.5" width="{}" height="{}" rx="8"/>"#,
            WIDTH - 1.0,
            height - 1.0
        )?;
        write_text(&mut to, "title", MARGIN, 34.0, self.title)?;
        write_text(&mut to, "small", MARGIN, 53.0, &self.explained())?;
        let mut top = HEAD;
        for group in &self.groups {
            self.draw_group(&mut to, group, top)?;
            top += group.height();
        }
        write_text(&mut to, "small", MARGIN, height - 18.0, foot)?;
        to.push_str("</svg>\n");
        Ok(to)
    }

    fn explained(&self) -> String {
        let unit = self.unit;
        match self.scale {
            Scale::OfGroup => format!("{unit}, less is better; each group has a scale of its own"),
            Scale::OfChart => format!("{unit}, less is better"),
        }
    }

    fn draw_group(&self, to: &mut String, group: &Group, top: f64) -> fmt::Result {
        write_text(to, "group", MARGIN, top + 16.0, group.name)?;
        let largest = match self.scale {
            Scale::OfGroup => group.largest(),
            Scale::OfChart => self.groups.iter().map(Group::largest).fold(0.0, f64::max),
        };
        for (row, (subject, value)) in group.bars.iter().enumerate() {
            let middle = top + GROUP_HEAD + ROW * (row as f64 + 0.5);
            self.draw_bar(to, *subject, *value, LONGEST * value / largest, middle)?;
        }
        Ok(())
    }

    fn draw_bar(
        &self,
        to: &mut String,
        subject: Subject,
        value: f64,
        length: f64,
        middle: f64,
    ) -> fmt::Result {
        let (bar, text) = match subject {
            Subject::Penstock => ("bar penstock", "ours"),
            Subject::Echo => ("bar floor", "theirs"),
            _ => ("bar", "theirs"),
        };
        /// Half of what stands over the line, so that the text is in the middle of its bar.
        const HALF_OF_LETTER: f64 = 4.5;
        let line = middle + HALF_OF_LETTER;
        write_text(to, text, MARGIN, line, &name(subject))?;
        writeln!(
            to,
            r#"<rect class="{bar}" x="{BARS}" y="{}" width="{length:.1}" height="{BAR}" rx="2"/>"#,
            middle - BAR / 2.0
        )?;
        let value = format!("{} {}", rounded(value), self.unit);
        write_text(to, text, BARS + length + 8.0, line, &value)
    }
}

fn name(subject: Subject) -> String {
    match subject {
        Subject::Echo => format!("{} (floor)", subject.name()),
        _ => subject.name().to_owned(),
    }
}

/// As many digits as the figures of a shared machine bear.
fn rounded(value: f64) -> String {
    match value {
        ..2.0 => format!("{value:.2}"),
        ..10.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn write_text(to: &mut String, class: &str, x: f64, y: f64, text: &str) -> fmt::Result {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(
        to,
        r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{text}</text>"#
    )
}
