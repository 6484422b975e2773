//! Sends batches as a simulation wants them, and compares each answer with that of the model.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::{
    super::*,
    model::{Answer, Event, Underway},
    ops::{Act, Fate, Group, Kind, PAGES, SITES, Sending, Which, Who},
    run::{CANARIES, HIDDEN_PAGE, World, known_pages},
};
use crate::units::MS_PER_MINUTE;

/// A batch that the committer has not answered.
type Answering = Pin<Box<dyn Future<Output = Result<Receipt, Refusal>>>>;

impl World {
    pub(super) fn send(&mut self, group: &Group) {
        let mut waiting: Vec<(Underway, Answering)> = Vec::new();
        for sending in &group.batches {
            let underway = self.prepare(sending, &waiting);
            waiting.push(underway);
        }
        if let Some(minutes) = group.waits {
            self.move_clock(minutes.into());
            self.seal();
        }
        if group.fate == Fate::GoneBefore {
            return self.crash();
        }
        let now = self.now();
        self.commit();
        for (underway, mut answer) in waiting {
            let expected = self.model.sites[underway.site].commit(underway, now);
            if group.fate == Fate::Answered {
                let Poll::Ready(found) = poll(&mut answer) else { panic!("a batch without an answer") };
                assert_eq!(as_answer(found), expected);
            }
        }
        if group.fate == Fate::GoneAfter {
            self.crash();
        }
    }

    fn commit(&mut self) {
        // What is durable is answered.
        self.opened().committer.commit_waiting().unwrap();
    }

    /// Makes a batch and puts it before the committer.
    fn prepare(&mut self, sending: &Sending, waiting: &[(Underway, Answering)]) -> (Underway, Answering) {
        let (site, now) = (usize::from(sending.site % SITES), self.now());
        let known = self.model.sites[site].producers.get(&sending.producer).map_or(0, |p| p.sequence);
        let same = waiting.iter().filter(|(w, _)| (w.site, w.producer) == (site, sending.producer));
        let last = same.fold(known, |last, (w, _)| if w.sequence == last + 1 { w.sequence } else { last });
        let sequence = match sending.which {
            Which::Next => last + 1,
            Which::Again => last,
            Which::Old(n) => u64::from(n) % (last + 1),
            Which::Skip(n) => last + 2 + u64::from(n),
            Which::Hello => 0,
        };
        let events: Vec<Event> = sending.acts.iter().flat_map(|act| self.events(act, now)).collect();
        let complete = sending.complete_minutes_back.map_or(0, |minutes| now - i64::from(minutes) * MS_PER_MINUTE);
        let cursor = format!("{sequence} of {} at {now}", sending.producer).into_bytes();
        let model = &self.model.sites[site];
        let underway = Underway {
            site,
            producer: sending.producer,
            sequence,
            cursor: cursor.clone(),
            complete_unix_ms: complete,
            events: events.iter().map(|event| model.prepare(event, now)).collect(),
        };
        let name = model.name.clone();
        let events = events.into_iter().map(access).collect();
        let batch = TestBatch { cursor, ..batch(sequence, events, complete) };
        (underway, self.put_before_the_committer(&name, sending.producer, batch))
    }

    fn put_before_the_committer(&mut self, site: &SiteName, producer: u8, batch: TestBatch) -> Answering {
        let intake = &self.opened().intake;
        let lane = intake.lane(site, &format!("producer {producer}"), SECRET, "").unwrap();
        // A site that is made now knows its pages before anything is counted.
        intake.know_pages(site, known_pages());
        let mut answer: Answering = Box::pin(async move { lane.send(batch).await });
        assert!(poll(&mut answer).is_pending(), "nothing is answered before it is durable");
        answer
    }

    fn events(&mut self, act: &Act, now_unix_ms: i64) -> Vec<Event> {
        let time_unix_ms = match act.minutes_back {
            0 => 0,
            minutes => now_unix_ms - i64::from(minutes) * MS_PER_MINUTE,
        };
        let page = if act.page == PAGES - 1 { HIDDEN_PAGE.to_owned() } else { format!("/p{}", act.page) };
        match act.who {
            Who::Canary if self.canaries < CANARIES && act.kind == Kind::View => {
                self.canaries += 1;
                let (visitor, page) = (1_000 + self.canaries, format!("/canary{:02}", self.canaries - 1));
                vec![Event { time_unix_ms, visitor, page, kind: act.kind }]
            }
            Who::Canary => Vec::new(),
            Who::Visitor(n) => {
                vec![Event { time_unix_ms, visitor: n.into(), page, kind: act.kind }; usize::from(act.times)]
            }
        }
    }

    /// Every producer is told what is durable.
    pub(super) fn greet_all(&mut self) {
        let mut all = Vec::new();
        for site in &self.model.sites {
            all.extend(site.producers.iter().map(|(id, known)| (site.name.clone(), *id, known.clone())));
        }
        for (site, id, known) in all {
            let hello = TestBatch { cursor: vec![], ..batch(0, vec![], 0) };
            let mut answer = self.put_before_the_committer(&site, id, hello);
            self.commit();
            let Poll::Ready(found) = poll(&mut answer) else { panic!("a greeting without an answer") };
            let expected = Answer::Durable { sequence: known.sequence, cursor: known.cursor, books: None };
            assert_eq!(as_answer(found), expected, "{site}, producer {id}");
        }
    }
}

fn access(event: Event) -> AccessEvent<'static> {
    let (agent, status) = match event.kind {
        Kind::Robot => ("Googlebot/2.1 (+http://www.google.com/bot.html)", 200),
        Kind::NotFound => (BROWSER, 404),
        Kind::Failure => (BROWSER, 503),
        _ => (BROWSER, 200),
    };
    let method = if event.kind == Kind::Post { "POST" } else { "GET" };
    let target = if event.kind == Kind::Asset { "/style.css".to_owned() } else { event.page };
    AccessEvent::at(event.time_unix_ms, status)
        .from_whom("192.0.2.1".to_owned(), format!("visitor {}", event.visitor), agent.to_owned())
        .for_what(method.to_owned(), target)
}

fn as_answer(found: Result<Receipt, Refusal>) -> Answer {
    match found {
        Ok(receipt) => Answer::Durable {
            sequence: receipt.durable_sequence,
            cursor: receipt.cursor,
            books: receipt.books.map(|books| books.close().map(|(o, count, first)| (o, (count, first))).collect()),
        },
        Err(Refusal::Gap { expected }) => Answer::Gap { expected },
        Err(refusal) => panic!("{refusal}"),
    }
}

fn poll(answer: &mut Answering) -> Poll<Result<Receipt, Refusal>> {
    answer.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
