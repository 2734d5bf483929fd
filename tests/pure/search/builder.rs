//! Queries that are built, and the users that they find.

use super::{USERS, find, tenant};
use serde_json::Value;
use users_core::model::{Timestamp, User};
use users_core::search::{IdentityFilter, Query, field};
use users_core::{Error, ErrorKind};

fn date(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn each_condition_is_written_in_auth0s_syntax_and_finds_those_who_meet_it() {
    let (early, late) = (date("2024-01-10T10:00:00Z"), date("2024-06-01T02:00:00+02:00"));
    #[rustfmt::skip]
    let table = [
        // texts
        (field::EMAIL.equals("ada@example.com"), r#"email:"ada@example.com""#, "a"),
        (field::EMAIL_DOMAIN.equals("example.com"), r#"email.domain:"example.com""#, "ac"),
        (field::NAME.starts_with("Ad"), "name:Ad*", "a"),
        (field::NAME.starts_with("Zoë (admin)"), r"name:Zoë\ \(admin\)*", "g"),
        (field::NAME.ends_with("ace"), "name:*ace", "a"),
        (field::EMAIL.contains("example"), "email:*example*", "abcef"),
        (field::NICKNAME.equals("jo*hn"), r#"nickname:"jo*hn""#, "e"),
        (field::NICKNAME.contains("o*h"), r"nickname:*o\*h*", "e"),
        (field::USER_ID.one_of(["auth0|a", "sms|d", "nobody"]), r#"user_id:("auth0|a" OR "sms|d" OR "nobody")"#, "ad"),
        (field::USERNAME.one_of(vec![String::from("b")]), r#"username:"b""#, "b"),
        (field::PHONE_NUMBER.starts_with("+44"), r"phone_number:\+44*", "d"),
        (field::LAST_IP.exists(), "_exists_:last_ip", "b"),
        (field::GIVEN_NAME.equals("ADA"), r#"given_name:"ADA""#, "a"), (field::FAMILY_NAME.equals("Young"), r#"family_name:"Young""#, "f"),
        // numbers
        (field::LOGINS_COUNT.equals(0), "logins_count:0", "c"), (field::LOGINS_COUNT.at_least(7), "logins_count:[7 TO *]", "be"),
        (field::LOGINS_COUNT.more_than(7), "logins_count:{7 TO *]", "b"), (field::LOGINS_COUNT.at_most(5), "logins_count:[* TO 5]", "ac"),
        (field::LOGINS_COUNT.less_than(5), "logins_count:[* TO 5}", "c"), (field::LOGINS_COUNT.between(5, 7), "logins_count:[5 TO 7]", "ae"),
        (field::LOGINS_COUNT.exists(), "_exists_:logins_count", "abce"),
        // dates, which are written in one form
        (field::CREATED_AT.between(early.clone(), late.clone()), "created_at:[2024-01-10T10:00:00.000Z TO 2024-06-01T00:00:00.000Z]", "ab"),
        (field::CREATED_AT.since(late.clone()), "created_at:[2024-06-01T00:00:00.000Z TO *]", "bce"), (field::CREATED_AT.after(late.clone()), "created_at:{2024-06-01T00:00:00.000Z TO *]", "ce"),
        (field::CREATED_AT.until(early.clone()), "created_at:[* TO 2024-01-10T10:00:00.000Z]", "adf"), (field::CREATED_AT.before(early.clone()), "created_at:[* TO 2024-01-10T10:00:00.000Z}", "df"),
        (field::LAST_LOGIN.exists(), "_exists_:last_login", "ac"), (field::UPDATED_AT.before(date("2022-01-01T00:00:00Z")), "updated_at:[* TO 2022-01-01T00:00:00.000Z}", "g"),
        // booleans, objects and lists
        (field::EMAIL_VERIFIED.is(false), "email_verified:false", "be"), (field::BLOCKED.is(true), "blocked:true", "b"), (field::PHONE_VERIFIED.exists(), "_exists_:phone_verified", "dg"),
        (field::USER_METADATA.exists(), "_exists_:user_metadata", "abdf"), (field::APP_METADATA.exists(), "_exists_:app_metadata", "abcfg"),
        (field::IDENTITIES.exists(), "_exists_:identities", "abcdefg"), (field::IDENTITIES_IS_SOCIAL.is(true), "identities.isSocial:true", "ce"),
        (field::IDENTITIES_CONNECTION.starts_with("goo"), "identities.connection:goo*", "c"), (field::IDENTITIES_PROVIDER.equals("github"), r#"identities.provider:"github""#, "e"),
        (field::IDENTITIES_USER_ID.equals("7"), r#"identities.user_id:"7""#, "e"),
        // metadata
        (field::user_metadata("address.city").equals("London"), r#"user_metadata.address.city:"London""#, "a"), (field::user_metadata("age").equals(36), "user_metadata.age:36", "a"),
        (field::user_metadata("vip").equals(true), "user_metadata.vip:true", "a"), (field::user_metadata("plan").exists(), "_exists_:user_metadata.plan", "abd"),
        (field::user_metadata("plan").one_of(["gold", "Gold"]), r#"user_metadata.plan:("gold" OR "Gold")"#, "ad"), (field::user_metadata("tags").equals("y"), r#"user_metadata.tags:"y""#, "a"),
        (field::app_metadata("level").equals(-2), r#"app_metadata.level:"-2""#, "f"), (field::app_metadata("level").at_least(3), "app_metadata.level:[3 TO *]", "acg"),
        (field::app_metadata("level").between(-5, 3), "app_metadata.level:[-5 TO 3]", "af"), (field::app_metadata("level").more_than(3), "app_metadata.level:{3 TO *]", "cg"),
        (field::app_metadata("level").at_most(3), "app_metadata.level:[* TO 3]", "af"), (field::app_metadata("level").less_than(3), "app_metadata.level:[* TO 3}", "f"),
        (field::app_metadata("ratio").equals(0.25), "app_metadata.ratio:0.25", "f"), (field::user_metadata("score").equals(1.5), "user_metadata.score:1.5", "f"),
        (field::user_metadata("score").one_of([-0.5, 1.5]), r#"user_metadata.score:("-0.5" OR 1.5)"#, "f"), (field::app_metadata("ratio").between(0.2, 0.3), "app_metadata.ratio:[0.2 TO 0.3]", "f"),
        (field::app_metadata("level").between(-2.5, 3), "app_metadata.level:[-2.5 TO 3]", "af"), (field::app_metadata("level").at_least(1e21), "app_metadata.level:[1000000000000000000000 TO *]", ""),
        (field::app_metadata("level").more_than(-0.0), "app_metadata.level:{0 TO *]", "acg"), (field::app_metadata("level").less_than(1e-7), "app_metadata.level:[* TO 0.0000001}", "f"),
        (field::app_metadata("level").between(3, 3.0), "app_metadata.level:[3 TO 3]", "a"),
        (field::app_metadata("until").more_than(&late), "app_metadata.until:{2024-06-01T00:00:00.000Z TO *]", "f"), (field::app_metadata("level").one_of([10, 7]), "app_metadata.level:(10 OR 7)", "cg"),
        (field::app_metadata("a b.c:d").equals("e"), r#"app_metadata.a\ b.c\:d:"e""#, "g"), (field::app_metadata("a b.c:d").exists(), r"_exists_:app_metadata.a\ b.c\:d", "g"),
    ];
    assert_found(table);
}

fn assert_found<const COUNT: usize>(table: [(Query, &str, &str); COUNT]) {
    let tenant = tenant();
    for (query, text, expected) in table {
        assert_eq!(query.to_text().unwrap(), text);
        assert_eq!(find(&tenant, query).unwrap(), expected, "{text}");
    }
}

#[test]
fn operators_are_written_with_the_groups_that_keep_their_meaning() {
    let user = |letter: &str| field::USERNAME.equals(letter);
    let (a, b, c) = (user("a"), user("b"), user("c"));
    let verified = field::EMAIL_VERIFIED.is(true);
    let raw = Query::raw("username:a OR username:c");
    #[rustfmt::skip]
    assert_found([
        (a.clone().or(b.clone()).or(c.clone()), r#"username:"a" OR username:"b" OR username:"c""#, "abc"),
        (a.clone().or(b.clone().and(verified.clone())), r#"username:"a" OR (username:"b" AND email_verified:true)"#, "a"),
        (a.clone().or(b.clone()).and(verified.clone()), r#"(username:"a" OR username:"b") AND email_verified:true"#, "a"),
        (verified.clone().and(a.clone().or(c.clone()).and(b.clone().not())), r#"email_verified:true AND (username:"a" OR username:"c") AND NOT username:"b""#, "ac"),
        (Query::any([a.clone(), b.clone(), c.clone()]), r#"username:"a" OR username:"b" OR username:"c""#, "abc"), (Query::all([a.clone()]), r#"username:"a""#, "a"),
        // A negation alone stands beside what everyone has.
        (a.clone().not(), r#"_exists_:user_id AND NOT username:"a""#, "bcdefg"), (a.clone().not().not(), r#"username:"a""#, "a"), (!a.clone(), r#"_exists_:user_id AND NOT username:"a""#, "bcdefg"),
        (a.clone().not().and(b.clone().not()), r#"_exists_:user_id AND NOT username:"a" AND NOT username:"b""#, "cdefg"),
        (a.clone().not().and(verified.clone()), r#"NOT username:"a" AND email_verified:true"#, "cf"),
        (verified.clone().and(a.clone().not()), r#"email_verified:true AND NOT username:"a""#, "cf"),
        (a.clone().or(field::EMAIL.exists().not()), r#"username:"a" OR (_exists_:user_id AND NOT _exists_:email)"#, "adg"),
        (a.clone().or(b.clone()).not(), r#"_exists_:user_id AND NOT (username:"a" OR username:"b")"#, "cdefg"),
        (a.clone().and(b.clone().not()).not(), r#"_exists_:user_id AND NOT (username:"a" AND NOT username:"b")"#, "bcdefg"),
        (a.clone().not().and(b.clone().not()).not(), r#"_exists_:user_id AND NOT (_exists_:user_id AND NOT username:"a" AND NOT username:"b")"#, "ab"),
        (a.clone().not().and(b.clone().not()).not().not(), r#"(_exists_:user_id AND NOT username:"a" AND NOT username:"b")"#, "cdefg"),
        (user("a").not().or(user("b").not()), r#"(_exists_:user_id AND NOT username:"a") OR (_exists_:user_id AND NOT username:"b")"#, "abcdefg"),
        // A text is enclosed where it is combined.
        (raw.clone(), "username:a OR username:c", "ac"), (raw.clone().and(verified.clone()), "(username:a OR username:c) AND email_verified:true", "ac"),
        (b.clone().or(raw.clone()), r#"username:"b" OR (username:a OR username:c)"#, "abc"), (raw.clone().not(), "_exists_:user_id AND NOT (username:a OR username:c)", "bdefg"),
        (verified.and("username:a username:b"), "email_verified:true AND (username:a username:b)", "a"),
    ]);
}

#[test]
fn what_auth0_refuses_is_refused_with_the_reason_before_anything_is_sent() {
    let old = Timestamp::from_unix_millis(i64::MIN);
    let deep = (0..60).fold(field::NAME.exists(), |query, _| query.and(field::EMAIL.exists()).not());
    let alternating = (0..60)
        .fold(field::NAME.exists(), |query, _| query.and(field::EMAIL.exists()).or(field::NAME.exists()));
    #[rustfmt::skip]
    let table = [
        (field::NAME.contains("da"), r#"name cannot be searched for "da" after a wildcard: Auth0 needs 3 characters"#),
        (field::NAME.ends_with("éé"), r#"name cannot be searched for "éé" after a wildcard: Auth0 needs 3 characters"#),
        (field::NAME.ends_with(""), r#"name cannot be searched for "" after a wildcard: Auth0 needs 3 characters"#),
        (field::NAME.starts_with(""), "name cannot be searched for an empty text"),
        (field::NAME.equals(""), "name cannot be searched for an empty text"),
        (field::NAME.one_of(["a", ""]), "name cannot be searched for an empty text"),
        (field::NAME.one_of([""; 0]), "name cannot be searched for one of no values: that finds nobody"),
        (field::user_metadata("a").equals(String::new()), "user_metadata.a cannot be searched for an empty text"),
        (field::user_metadata("").exists(), r#"user_metadata cannot be searched by "": the path has an empty key"#),
        (field::app_metadata("a..b").equals(1), r#"app_metadata cannot be searched by "a..b": the path has an empty key"#),
        (field::app_metadata("a.*").at_least(1), r#"app_metadata cannot be searched by "a.*": the path has a wildcard"#),
        (field::CREATED_AT.since(old), "created_at cannot be searched for a date before the year 0"),
        (field::LOGINS_COUNT.between(7, 5), "logins_count cannot be searched between 7 and 5: the ends are reversed, which finds nobody"),
        (field::CREATED_AT.between(date("2026-01-02T00:00:00Z"), date("2026-01-01T00:00:00Z")),
            "created_at cannot be searched between 2026-01-02T00:00:00.000Z and 2026-01-01T00:00:00.000Z: the ends are reversed, which finds nobody"),
        (field::app_metadata("a").between(1, 0.5), "app_metadata.a cannot be searched between 1 and 0.5: the ends are reversed, which finds nobody"),
        (field::app_metadata("a").between(u64::MAX, i64::MAX), "app_metadata.a cannot be searched between 18446744073709551615 and 9223372036854775807: the ends are reversed, which finds nobody"),
        (field::app_metadata("a").at_least(f64::NAN), "app_metadata.a cannot be searched for NaN: a number must be finite"),
        (field::app_metadata("a").between(f64::INFINITY, 1), "app_metadata.a cannot be searched for inf: a number must be finite"),
        (field::user_metadata("a").equals(f64::NEG_INFINITY), "user_metadata.a cannot be searched for -inf: a number must be finite"),
        (Query::all([]), "a query of no conditions would find every user"), (Query::any([]), "a query of no alternatives would find nobody"),
        (Query::raw("a) OR (b").and(field::NAME.exists()), "the query cannot be combined with another: a parenthesis is closed that is not open"),
        (field::NAME.exists().or(" "), "a blank query cannot be combined with another: it finds every user"),
        (Query::all((0..1025).map(|_| field::NAME.exists())), "the query has 1025 terms; Lucene accepts 1024"),
        (field::NAME.one_of((0..1025).map(|id| id.to_string())), "the query has 1025 terms; Lucene accepts 1024"),
        (deep, "the query is nested 120 levels deep; the maximum is 40"), (alternating, "the query is nested 119 levels deep; the maximum is 40"),
        // A refusal stays, whatever the query is combined with; the first is kept.
        (field::BLOCKED.is(true).or(field::NAME.contains("x").not()).and(field::NAME.equals("")), r#"name cannot be searched for "x" after a wildcard: Auth0 needs 3 characters"#),
    ];
    let tenant = tenant();
    let before = tenant.requests().len();
    for (query, reason) in table {
        let refused = |error: Error| {
            assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidArgument, reason));
        };
        refused(query.to_text().unwrap_err());
        refused(find(&tenant, &query).unwrap_err());
        let mut everyone = tenant.management().users().get_all().q(query).everyone();
        refused(tenant.clock().block_on(everyone.try_next()).unwrap_err());
    }
    assert_eq!(tenant.requests().len(), before, "nothing is sent");
}

#[test]
fn the_deepest_and_the_longest_query_are_answered() {
    let tenant = tenant();
    let nobody = || field::USERNAME.equals("nobody");
    let deep = (0..41).fold(field::USERNAME.equals("a"), |query, level| {
        if level % 2 == 0 { query.or(nobody()) } else { query.and(field::NAME.exists()) }
    });
    assert_eq!(find(&tenant, deep).unwrap(), "a");
    let negated = (0..12).fold(nobody(), |query, _| query.or(nobody()).not());
    assert_eq!(find(&tenant, negated.clone()).unwrap(), "");
    assert_eq!(find(&tenant, negated.not()).unwrap(), "abcdefg");
    let long = (0..300).map(|id| id.to_string()).chain(["c".to_owned()]);
    assert_eq!(find(&tenant, field::USERNAME.one_of(long)).unwrap(), "c");
}

#[test]
fn an_identity_filter_tells_conditions_on_one_identity_from_those_on_several() {
    let tenant = tenant();
    let filter = IdentityFilter::new;
    #[rustfmt::skip]
    let table = [
        (filter().connection("legacy").user_id("99"), "g", "g"), (filter().connection("legacy").user_id("g"), "g", ""),
        (filter().provider("auth0").is_social(true), "c", ""), (filter().provider("google-oauth2").is_social(true).user_id("c"), "c", "c"),
        (filter().provider("github").user_id("7"), "e", "e"), (filter().connection("db"), "abcg", "abcg"), (filter(), "abcdefg", "abcdefg"),
    ];
    let users: Vec<User> = USERS.iter().map(|user| serde_json::from_str(user).unwrap()).collect();
    for (filter, candidates, meant) in table {
        assert_eq!(find(&tenant, filter.query()).unwrap(), candidates, "{filter:?}");
        let matching = users.iter().filter(|user| filter.matches(user));
        let matching: String = matching.map(|user| user.username.as_deref().unwrap()).collect();
        assert_eq!(matching, meant, "{filter:?}");
    }
    let without: User = serde_json::from_value(Value::Object(serde_json::Map::new())).unwrap();
    assert!(!filter().matches(&without));
    let refused = filter().connection("").query().to_text().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
}
