//! What came of the cases in the form of `JUnit`'s reports, which build servers read.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use super::{
    report,
    running::{Failure, Ran},
};
use crate::{cli::paint::Paint, source_text::printable};

/// The report on a function of this name, as a file.
pub fn text(name: &str, ran: &[Ran]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // A vector takes everything.
    let _ = write(&mut writer, name, ran);
    let mut text = String::from_utf8(writer.into_inner()).unwrap_or_default();
    text.push('\n');
    text
}

fn write(writer: &mut Writer<Vec<u8>>, name: &str, ran: &[Ran]) -> std::io::Result<()> {
    let name = fit(name);
    let failures = ran.iter().filter(|one| !one.is_good()).count().to_string();
    let tests = ran.len().to_string();
    let time = seconds(ran.iter().map(|one| one.time.as_secs_f64()).sum());
    let counts = [
        ("name", &*name),
        ("tests", &tests),
        ("failures", &failures),
        ("errors", "0"),
        ("time", &time),
    ];
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    for element in ["testsuites", "testsuite"] {
        let start = BytesStart::new(element).with_attributes(counts);
        writer.write_event(Event::Start(start))?;
    }
    for one in ran {
        write_case(writer, &name, one)?;
    }
    for element in ["testsuite", "testsuites"] {
        writer.write_event(Event::End(BytesEnd::new(element)))?;
    }
    Ok(())
}

fn write_case(writer: &mut Writer<Vec<u8>>, suite: &str, ran: &Ran) -> std::io::Result<()> {
    let (name, time) = (fit(&ran.name), seconds(ran.time.as_secs_f64()));
    let attributes = [("classname", suite), ("name", &name), ("time", &time)];
    let case = BytesStart::new("testcase").with_attributes(attributes);
    let Some(first) = ran.failures().first() else {
        return writer.write_event(Event::Empty(case));
    };
    writer.write_event(Event::Start(case))?;
    let failure =
        BytesStart::new("failure").with_attributes([("message", message(first).as_str())]);
    writer.write_event(Event::Start(failure))?;
    let details = fit(&report::details(ran, Paint::Plain));
    writer.write_event(Event::Text(BytesText::new(&details)))?;
    for element in ["failure", "testcase"] {
        writer.write_event(Event::End(BytesEnd::new(element)))?;
    }
    Ok(())
}

/// The first failure in a line.
fn message(failure: &Failure) -> String {
    fit(&match failure {
        Failure::Otherwise(difference) | Failure::SentOtherwise(difference) => {
            format!("{} is otherwise", difference.path)
        }
        Failure::Unanswered(request) => format!("{request}: no response"),
        Failure::Unused(request) => format!("{request}: not made"),
        Failure::Unrecorded(request) => request.clone(),
    })
}

/// XML has no form at all for most control characters.
fn fit(text: &str) -> String {
    let fits = |letter: char| match letter {
        '\n' => letter,
        _ => printable(letter),
    };
    text.chars().map(fits).collect()
}

/// As `JUnit` writes a time.
fn seconds(seconds: f64) -> String {
    format!("{seconds:.3}")
}
