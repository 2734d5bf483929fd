//! What is built means the same in Lucene as in Boolean logic.
//!
//! Lucene's classic parser knows no precedence: `AND` makes the parts on both sides required, `NOT` makes one excluded, and the others are
//! alternatives, of which one must match if nothing is required. A list of excluded parts only matches nothing.
//! <https://lucene.apache.org/core/2_9_4/queryparsersyntax.html>

use proptest::prelude::*;
use users_core::search::{Query, field};

/// The attributes of the conditions. A user is the set of those that it has.
const ATTRIBUTES: [&str; 3] = ["name", "email", "nickname"];

#[derive(Clone, Debug)]
enum Tree {
    Has(usize),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
}

impl Tree {
    fn query(&self) -> Query {
        match self {
            Self::Has(attribute) => [field::NAME, field::EMAIL, field::NICKNAME][*attribute].exists(),
            Self::And(one, other) => one.query().and(other.query()),
            Self::Or(one, other) => one.query().or(other.query()),
            Self::Not(inner) => inner.query().not(),
        }
    }

    fn is_met_by(&self, user: usize) -> bool {
        match self {
            Self::Has(attribute) => user & (1 << attribute) != 0,
            Self::And(one, other) => one.is_met_by(user) && other.is_met_by(user),
            Self::Or(one, other) => one.is_met_by(user) || other.is_met_by(user),
            Self::Not(inner) => !inner.is_met_by(user),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Occur {
    Must,
    MustNot,
    Should,
}

/// Evaluates the tokens up to the end of the group, as Lucene's parser and its search do.
fn matches<'a>(tokens: &mut impl Iterator<Item = &'a str>, user: usize) -> bool {
    let mut clauses: Vec<(Occur, bool)> = Vec::new();
    let (mut is_after_and, mut is_negated) = (false, false);
    while let Some(token) = tokens.next() {
        let is_match = match token {
            ")" => break,
            "AND" => {
                // What stands before is required too.
                match clauses.last_mut() {
                    Some((occur, _)) if *occur != Occur::MustNot => *occur = Occur::Must,
                    _ => {}
                }
                is_after_and = true;
                continue;
            }
            "OR" => continue,
            "NOT" => {
                is_negated = true;
                continue;
            }
            "(" => matches(tokens, user),
            "_exists_:user_id" => true,
            other => {
                let attribute = other.strip_prefix("_exists_:").unwrap();
                let attribute = ATTRIBUTES.iter().position(|name| *name == attribute).unwrap();
                user & (1 << attribute) != 0
            }
        };
        let occur = match (is_negated, is_after_and) {
            (true, _) => Occur::MustNot,
            (false, true) => Occur::Must,
            (false, false) => Occur::Should,
        };
        clauses.push((occur, is_match));
        (is_after_and, is_negated) = (false, false);
    }
    let of = |wanted: Occur| {
        clauses.iter().filter(move |(occur, _)| *occur == wanted).map(|(_, is_match)| *is_match)
    };
    let is_required = of(Occur::Must).next().is_some();
    of(Occur::Must).all(|part| part)
        && !of(Occur::MustNot).any(|part| part)
        && (is_required || of(Occur::Should).any(|part| part))
}

fn found(text: &str, user: usize) -> bool {
    let spaced = text.replace('(', "( ").replace(')', " )");
    matches(&mut spaced.split_whitespace(), user)
}

#[test]
fn a_negation_that_is_written_plainly_means_something_else_in_lucene() {
    let all = ATTRIBUTES.map(|name| format!("_exists_:{name}"));
    let [name, email, _] = &all;
    // Nothing is found, and nothing but what has a name.
    assert!((0..8).all(|user| !found(&format!("NOT {name}"), user)));
    assert!(!found(&format!("{email} OR NOT {name}"), 0b000));
    assert!(found(&field::NAME.exists().not().to_text().unwrap(), 0b000));
    assert!(found(&field::EMAIL.exists().or(field::NAME.exists().not()).to_text().unwrap(), 0b000));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(5_000) })]

    #[test]
    fn a_query_that_is_built_means_the_same_in_lucene(
        tree in (0..3_usize).prop_map(Tree::Has).prop_recursive(7, 40, 2, |inner| {
            let two = (inner.clone(), inner.clone()).prop_map(|(one, other)| (Box::new(one), Box::new(other)));
            prop_oneof![
                two.clone().prop_map(|(one, other)| Tree::And(one, other)),
                two.prop_map(|(one, other)| Tree::Or(one, other)),
                inner.prop_map(|inner| Tree::Not(Box::new(inner))),
            ]
        })
    ) {
        let text = tree.query().to_text().unwrap();
        for user in 0..8 {
            prop_assert_eq!(found(&text, user), tree.is_met_by(user), "{:03b}: {}", user, text);
        }
    }
}
