//! The users that a query may match, in the order in which they are shown.

use crate::tenant::search::filter::{Bound, Effort};
use crate::tenant::search::query::Query;
use crate::tenant::search::sort::Sort;
use crate::tenant::store::{ORDERED, Ordered, Part, Store, User};
use serde_json::Value;
use std::collections::BTreeSet;

/// The number of users up to which the documents that searches examine are kept.
const KEEPS_DOCUMENTS: usize = 50_000;

/// The users that a query matches, in order. It is read only as far as it is needed.
pub(crate) struct Matches<'a> {
    store: &'a Store,
    query: &'a Query,
    effort: &'a Effort,
}

impl<'a> Matches<'a> {
    pub(crate) fn new(store: &'a Store, query: &'a Query, effort: &'a Effort) -> Self {
        Self { store, query, effort }
    }

    /// The matches in the order of `sort`, or else of their creation. Users with the same value of the attribute begin with another one
    /// for another `turn`, unless it is 0.
    pub(crate) fn sorted(
        &self,
        sort: Option<&Sort<'_>>,
        turn: u64,
    ) -> Box<dyn Iterator<Item = &'a User> + 'a> {
        if let Some(found) = self.looked_up() {
            return self.in_memory(found, sort, turn);
        }
        if let Some(sort) = sort {
            if let Some(ordered) = self.order(sort.field) {
                return self.in_order(ordered, sort.field, sort.is_descending, turn);
            }
        }
        if sort.is_none() {
            if let Some((attribute, ordered)) = self.narrowing_order() {
                return self.in_order(ordered, attribute, false, 0);
            }
            let (query, effort, keeps) = (self.query, self.effort, self.keeps_documents());
            return Box::new(self.all().filter(move |user| matches(query, effort, keeps, user)));
        }
        self.in_memory(self.all(), sort, turn)
    }

    /// The matches among these users, sorted as a whole.
    fn in_memory(
        &self,
        users: impl Iterator<Item = &'a User>,
        sort: Option<&Sort<'_>>,
        turn: u64,
    ) -> Box<dyn Iterator<Item = &'a User> + 'a> {
        let keeps = self.keeps_documents();
        let found = users
            .take_while(|_| !self.effort.is_spent())
            .filter(|user| matches(self.query, self.effort, keeps, user));
        Box::new(match sort {
            Some(sort) => sort.apply(found, turn).into_iter(),
            None => found.collect::<Vec<_>>().into_iter(),
        })
    }

    /// The matches by an order that is kept.
    fn in_order(
        &self,
        ordered: &'a Ordered,
        attribute: &str,
        is_descending: bool,
        turn: u64,
    ) -> Box<dyn Iterator<Item = &'a User> + 'a> {
        let required = self.query.filter().required();
        // The items of a list may be in a range that its text is not in.
        let ranges: Vec<(&'a Bound, &'a Bound)> = if ordered.has_texts_only() {
            required.iter().filter_map(|part| part.range_of(attribute)).collect()
        } else {
            Vec::new()
        };
        let part = Part {
            from: ranges.iter().filter_map(|(lower, _)| lower.text()).max(),
            to: ranges.iter().filter_map(|(_, upper)| upper.text()).min(),
        };
        // A query of ranges of this attribute alone is decided by the values of the order.
        let is_decided = self.query.filter().is_conjunction() && ranges.len() == required.len();
        let (query, effort, keeps) = (self.query, self.effort, self.keeps_documents());
        let found = ordered.part(part, is_descending, turn).take_while(|_| !effort.is_spent());
        let found = found.filter(move |(value, _)| match value {
            Some(value) => ranges.iter().all(|(lower, upper)| lower.is_below(value) && upper.is_above(value)),
            None => ranges.is_empty(),
        });
        let store = self.store;
        let found = found.filter_map(move |(_, position)| seen(store, position));
        if is_decided {
            Box::new(found)
        } else {
            Box::new(found.filter(move |user| matches(query, effort, keeps, user)))
        }
    }

    /// The order of an attribute, if it is kept and is one of texts.
    fn order(&self, attribute: &str) -> Option<&'a Ordered> {
        self.store.view().order(attribute).filter(|ordered| ordered.is_of_texts())
    }

    /// An order of which the query requires a part. Few users are examined in the order of their creation instead.
    fn narrowing_order(&self) -> Option<(&'static str, &'a Ordered)> {
        if self.keeps_documents() {
            return None;
        }
        let required = self.query.filter().required();
        let narrows = |attribute: &&&'static str| {
            required.iter().any(|part| {
                let range = part.range_of(attribute);
                range.is_some_and(|(lower, upper)| lower.text().is_some() || upper.text().is_some())
            })
        };
        let attribute = ORDERED.iter().find(narrows)?;
        Some((attribute, self.order(attribute)?))
    }

    /// The users that have a value that the query requires, if it requires one that can be looked up, and those that were changed
    /// lately.
    fn looked_up(&self) -> Option<impl Iterator<Item = &'a User> + use<'a>> {
        let required = self.query.filter().required();
        let text_of = |attribute: &str| required.iter().find_map(|part| part.text_of(attribute));
        let users = self.store.users();
        let mut positions: BTreeSet<u64> = match (text_of("user_id"), text_of("email")) {
            (Some(id), _) => users.position(id).into_iter().collect(),
            (None, Some(email)) => users.positions_with_email(email).collect(),
            (None, None) => return None,
        };
        positions.extend(self.store.view().changed());
        let store = self.store;
        Some(positions.into_iter().filter_map(move |position| seen(store, position)))
    }

    /// All users that searches see, in the order of their creation.
    fn all(&self) -> impl Iterator<Item = &'a User> + use<'a> {
        let (store, effort) = (self.store, self.effort);
        let current = store.users().in_order();
        let gone = store.view().changed().filter(|position| !current.contains_key(position));
        let positions = current.keys().copied().chain(gone).take_while(move |_| !effort.is_spent());
        positions.filter_map(move |position| seen(store, position))
    }

    fn keeps_documents(&self) -> bool {
        self.store.users().len() <= KEEPS_DOCUMENTS
    }
}

/// The version of a user that searches see.
fn seen(store: &Store, position: u64) -> Option<&User> {
    let current = store.users().in_order().get(&position);
    store.view().seen(position, current).map(|user| &**user)
}

fn matches(query: &Query, effort: &Effort, keeps: bool, user: &User) -> bool {
    if query.matches_all() {
        return true;
    }
    if keeps {
        return query.matches(user.document(), effort);
    }
    let document: Value = user.parse();
    query.matches(&document, effort)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::assumptions::Assumptions;
    use crate::tenant::config::IdSearch;
    use crate::tenant::store::Lag;
    use serde_json::json;
    use std::time::Duration;

    const TIMES: [&str; 8] = [
        "2024-01-01T00:00:00.000Z",
        "2024-01-01T12:00:00.000Z",
        "2024-01-02T00:00:00.000Z",
        "2024-02-01T00:00:00.000Z",
        "2025-01-01T00:00:00.000Z",
        "2024-01-02",
        "",
        "12",
    ];

    fn random_user(random: &mut fastrand::Rng, number: u32) -> User {
        let mut user = User::new(&format!("auth0|{number}"));
        user.set("user_id", format!("auth0|{number}"));
        match random.u32(..10) {
            0 => {}
            1 => user.set("created_at", json!({})),
            3 if number % 7 == 0 => user.set("created_at", json!(["2024-01-02", {"a": "2025"}])),
            2 => user.set("created_at", json!(null)),
            _ => user.set("created_at", TIMES[random.usize(..TIMES.len())]),
        }
        user.set("email", format!("user{}@example.com", random.u32(..5)));
        user.set("blocked", random.bool());
        user
    }

    fn random_query(random: &mut fastrand::Rng) -> String {
        let ends = ["*", "2024-01-01", "2024-01", "2024-01-02T00:00:00.000Z", "2024", "2025-06-01", "7"];
        let range = |random: &mut fastrand::Rng| {
            let (open, close) = (["[", "{"][random.usize(..2)], ["]", "}"][random.usize(..2)]);
            format!("created_at:{open}{} TO {}{close}", ends[random.usize(..7)], ends[random.usize(..7)])
        };
        match random.u32(..6) {
            0 => String::new(),
            1 => range(random),
            2 => format!("{} AND {}", range(random), range(random)),
            3 => format!("(blocked:true) AND {}", range(random)),
            4 => format!("{} OR {}", range(random), range(random)),
            _ => format!("{} AND NOT {}", range(random), range(random)),
        }
    }

    fn ids<'a>(users: impl Iterator<Item = &'a User>) -> Vec<&'a str> {
        users.map(User::id).collect()
    }

    #[test]
    fn an_order_that_is_kept_finds_what_a_search_through_all_users_finds() {
        let mut random = fastrand::Rng::with_seed(3);
        for round in 0..400 {
            let mut store = Store::default();
            let mut transaction = store.transaction();
            for number in 0..random.u32(..40) {
                transaction.put_user(random_user(&mut random, number));
            }
            transaction.commit();
            let mut transaction = store.transaction();
            for _ in 0..random.u32(..10) {
                let number = random.u32(..40);
                if random.bool() {
                    transaction.remove_user(&format!("auth0|{number}"));
                } else {
                    transaction.put_user(random_user(&mut random, number));
                }
            }
            transaction.commit();
            let text = random_query(&mut random);
            let query = Query::parse(&text, IdSearch::ALL).unwrap();
            let effort = Effort::new();
            for sort in ["created_at:1", "created_at:-1", "user_id:1", "email:-1"] {
                let sort = Sort::parse(sort, &Assumptions::default()).unwrap();
                let matches = Matches::new(&store, &query, &effort);
                let all = ids(matches.in_memory(matches.all(), Some(&sort), 0));
                let kept = ids(matches.sorted(Some(&sort), 0));
                if sort.is_descending {
                    // Users with the same value have no order.
                    let sorted = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
                    assert_eq!((kept.len(), sorted(&kept)), (all.len(), sorted(&all)), "{round}: {text}");
                } else {
                    assert_eq!(kept, all, "{round}: {text} by {}", sort.field);
                }
            }
        }
    }

    #[test]
    fn users_with_the_same_value_begin_with_another_one_in_another_turn() {
        let mut store = Store::default();
        let mut transaction = store.transaction();
        for number in 0..20 {
            let mut user = User::new(&format!("auth0|{number}"));
            user.set("created_at", TIMES[usize::from(number >= 10)]);
            user.set("name", "Ada");
            transaction.put_user(user);
        }
        transaction.commit();
        let (query, effort) = (Query::parse("", IdSearch::ALL).unwrap(), Effort::new());
        for sort in ["created_at:1", "name:1"] {
            let sort = Sort::parse(sort, &Assumptions::default()).unwrap();
            let matches = Matches::new(&store, &query, &effort);
            let of_turn = |turn| ids(matches.sorted(Some(&sort), turn));
            assert_eq!(of_turn(7), of_turn(7));
            assert_ne!(of_turn(7), of_turn(8));
            let same = |turn| of_turn(turn).into_iter().collect::<BTreeSet<_>>();
            assert_eq!((same(7).len(), same(7)), (20, same(8)));
            if sort.field == "created_at" {
                let first_half = |turn| of_turn(turn)[..10].iter().copied().collect::<BTreeSet<_>>();
                assert_eq!(first_half(7), first_half(8));
            }
        }
    }

    #[test]
    fn searches_see_changes_after_the_lag_and_in_their_order() {
        let mut store = Store::default();
        let mut lag = Lag::new(&(Duration::from_millis(100)..=Duration::from_millis(100)), 0);
        let mut change =
            |store: &mut Store, now, change: &dyn Fn(&mut crate::tenant::store::Transaction<'_>)| {
                store.view_mut().settle(now);
                let mut transaction = store.transaction();
                change(&mut transaction);
                transaction.commit_with(&mut lag, now);
            };
        let user = |id: &str, email: &str| {
            let mut user = User::new(id);
            user.set("user_id", id);
            user.set("email", email);
            user
        };
        let mut transaction = store.transaction();
        transaction.put_user(user("auth0|1", "a@x.com"));
        transaction.put_user(user("auth0|2", "b@x.com"));
        transaction.commit();
        change(&mut store, 10, &|transaction| transaction.put_user(user("auth0|1", "c@x.com")));
        change(&mut store, 20, &|transaction| transaction.remove_user("auth0|2"));
        change(&mut store, 30, &|transaction| transaction.put_user(user("auth0|3", "d@x.com")));
        change(&mut store, 40, &|transaction| transaction.put_user(user("auth0|1", "e@x.com")));
        for (now, expected) in [
            (50, vec!["a@x.com", "b@x.com"]),
            (115, vec!["b@x.com", "c@x.com"]),
            (125, vec!["c@x.com"]),
            (135, vec!["c@x.com", "d@x.com"]),
            (145, vec!["d@x.com", "e@x.com"]),
        ] {
            store.view_mut().settle(now);
            let effort = Effort::new();
            let by_email = Sort::parse("email:1", &Assumptions::default()).unwrap();
            for sort in [Some(&by_email), None] {
                let query = Query::parse("", IdSearch::ALL).unwrap();
                let found = Matches::new(&store, &query, &effort).sorted(sort, 0);
                let mut emails: Vec<String> = found.filter_map(|user| user.string("email")).collect();
                emails.sort();
                assert_eq!(emails, expected, "at {now}");
            }
            for email in ["a@x.com", "b@x.com", "c@x.com", "d@x.com", "e@x.com"] {
                let query = Query::parse(&format!("email:{email}"), IdSearch::ALL).unwrap();
                let found = Matches::new(&store, &query, &effort).sorted(None, 0).count();
                assert_eq!(found, usize::from(expected.contains(&email)), "{email} at {now}");
            }
        }
    }
}
