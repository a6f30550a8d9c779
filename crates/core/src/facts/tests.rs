//! Tests of the registry and of selections.

use std::collections::BTreeSet;

use super::*;
use socklab_packets::types::Protocol;

fn known(key: &str) -> &'static Fact {
    fact(key).unwrap()
}

/// A selection as a sheet writes it, an entry a line; the lab file has its own reader, which knows the places of mistakes.
fn selection(text: &str) -> Result<Selection, String> {
    let mut selection = Selection::default();
    for (key, value) in text.lines().filter_map(|line| line.split_once(" = ")) {
        let value = value.trim_matches('\'');
        match key {
            "step" => selection.step = Some(value.to_owned()),
            "protocol" => selection.protocol = Some(if value == "tcp" { Protocol::Tcp } else { Protocol::Udp }),
            "connection" => selection.connection = Some(value.parse()?),
            "side" => selection.side = [End::Client, End::Server].into_iter().find(|end| end.to_string() == value),
            "client" => selection.client = Some(value.to_owned()),
            "frame" => selection.frame = Some(value.parse()?),
            "segment" => selection.segment = Some(value.parse()?),
            "flag" => selection.flag = FlagName::ALL.into_iter().find(|flag| flag.name() == value),
            _ => panic!("{key}"),
        }
    }
    Ok(selection)
}

#[test]
fn each_fact_stands_once_and_says_what_it_is() {
    let keys: BTreeSet<&str> = FACTS.iter().map(|fact| fact.key).collect();
    assert_eq!(keys.len(), FACTS.len());
    for fact in FACTS {
        assert!(fact.key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{}", fact.key);
        assert!(fact.definition.ends_with('.') && fact.definition.len() > 15, "{}: {}", fact.key, fact.definition);
        assert!(!fact.title.is_empty() && !fact.title.ends_with('.'), "{}", fact.key);
        let names = FACTS.iter().filter(|other| other.name == fact.name).count();
        assert!(
            names == 1 || matches!(fact.name, Name::Constant(_) | Name::Words(_)),
            "{} is measured as another fact is",
            fact.key
        );
    }
}

#[test]
fn a_selection_is_read_as_it_is_written() {
    let read = selection("step = '8'\nprotocol = 'tcp'\nconnection = 2\nside = 'client'\nsegment = '1-6'").unwrap();
    let expected = Selection {
        step: Some("8".to_owned()),
        protocol: Some(Protocol::Tcp),
        connection: Some(Which::Nth(2)),
        side: Some(End::Client),
        segment: Some(Ordinals::Range(Range { first: 1, last: 6 })),
        ..Selection::default()
    };
    assert_eq!(read, expected);
    let read = selection("connection = 'all'\nsegment = 3\nflag = 'SYN-ACK'").unwrap();
    assert_eq!((read.connection, read.flag), (Some(Which::All), Some(FlagName::SynAck)));
    assert_eq!(read.segment, Some(Ordinals::Range(Range { first: 3, last: 3 })));
    let read = selection("client = 'C'\nconnection = 'last'\nsegment = 'last'\nframe = '2-4'").unwrap();
    assert_eq!((read.client.as_deref(), read.connection), (Some("C"), Some(Which::Last)));
    assert_eq!((read.segment, read.frame), (Some(Ordinals::Last), Some(Ordinals::Range(Range { first: 2, last: 4 }))));
    assert_eq!(selection("").unwrap(), Selection::default());
}

#[test]
fn a_selection_that_means_nothing_is_an_error_with_the_reason() {
    for (text, reason) in [
        ("connection = 0", "counted from 1"),
        ("connection = 'some'", "neither a number nor"),
        ("segment = 0", "counted from 1"),
        ("segment = '6-1'", "goes backwards"),
        ("segment = '1-5000'", "more than 100"),
        ("segment = 'some'", "'some' is neither a number nor a range"),
        ("segment = '-1'", "counted from 1"),
        ("segment = '1-'", "'1-' is neither"),
        ("connection = '-1'", "counted from 1"),
    ] {
        let error = selection(text).unwrap_err();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn a_selection_that_fits_no_fact_is_an_error_with_the_remedy() {
    for (key, text, reason) in [
        ("initial_sequence_number", "step = '8'", "Add side = "),
        ("initial_sequence_number", "side = 'client'\nsegment = 1", "no use for segment"),
        ("sequence_number", "side = 'client'", "Add segment = 1"),
        ("sequence_number", "segment = 1\nflag = 'SYN'", "Write one of them"),
        ("sequence_number", "segment = 1\nframe = 2", "Write one of them"),
        ("round_trip_time", "frame = 2", "Add segment = 1"),
        ("clients", "frame = 2", "no use for frame"),
        ("largest_port", "client = 'C'", "no use for client"),
        ("sequence_number", "protocol = 'udp'\nsegment = 1", "a fact of TCP alone"),
        ("udp_length", "protocol = 'tcp'\nsegment = 1", "a fact of UDP alone"),
        ("udp_length", "flag = 'SYN'", "datagrams have no flags"),
        ("round_trip_time", "flag = 'SYN'", "Add segment = 1"),
        ("connections", "connection = 1", "no use for connection"),
        ("client_port", "side = 'client'", "no use for side"),
        ("largest_port", "step = '8'", "no use for step"),
        ("flags", "flag = 'SYN'\nside = 'server'", "Leave out side"),
    ] {
        let error = selection(text).unwrap().check(known(key)).unwrap_err().to_string();
        assert!(error.contains(reason), "{key} of {text}: {error}");
    }
    for (key, text) in [
        ("initial_sequence_number", "step = '8'\nside = 'server'"),
        ("sequence_number", "side = 'server'\nsegment = '1-6'"),
        ("flags", "flag = 'SYN-ACK'"),
        ("flags", "frame = 'last'"),
        ("udp_length", "frame = 2"),
        ("connections", "client = 'C'"),
        ("client_port", "client = 'C'\nconnection = 'last'"),
        ("data_bytes", "connection = 'all'"),
        ("data_bytes", "side = 'client'"),
        ("connections", "step = '8'"),
        ("udp_length", "segment = 1"),
        ("largest_port", ""),
    ] {
        assert_eq!(selection(text).unwrap().check(known(key)), Ok(()), "{key} of {text}");
    }
}
