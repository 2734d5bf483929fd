//! Queries and the users that they find, for each rule of the query syntax.

use super::{find, tenant};

/// Asserts what each query finds among the users of the fixture.
fn assert_found(table: &[(&str, &str)]) {
    let tenant = tenant();
    for (query, expected) in table {
        let found = find(&tenant, *query).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(found, *expected, "{query}");
    }
}

#[test]
fn a_value_is_found_by_its_whole_text() {
    #[rustfmt::skip]
    assert_found(&[
        ("*", "abcdefg"), ("", "abcdefg"), ("  ", "abcdefg"), ("*:*", "abcdefg"),
        (r#"email:"ada@example.com""#, "a"), ("email:ada@example.com", "a"), ("email:nobody@example.com", ""),
        ("name:ada", ""), ("name:Lovelace", ""), (r#"name:"ada lovelace""#, "a"), (r#"user_id:"auth0|a""#, "a"), ("user_id:auth0|a", "a"),
        (r#"user_id:"google-oauth2|c""#, "c"), ("user_id:samlp|staff|f", "f"), ("username:a", "a"), ("last_ip:10.0.0.1", "b"),
        ("phone_number:+441632960044", "d"), (r#"phone_number:"+441632960044""#, "d"), ("name:+441632960044", "d"),
        ("email : ada@example.com", "a"), (r#"email: "ada@example.com""#, "a"),
        // numbers, booleans, and strings in their place
        ("logins_count:5", "a"), ("logins_count:0", "c"), (r#"logins_count:"100""#, "b"), ("logins_count:50", ""),
        ("email_verified:true", "acf"), ("email_verified:false", "be"), (r#"email_verified:"true""#, "acf"), ("email_verified:TRUE", ""),
        ("blocked:true", "b"), ("blocked:false", "g"), ("phone_verified:true", "d"), ("phone_verified:false", "g"),
        // the domain of an address
        ("email.domain:example.com", "ac"), (r#"email.domain:"EXAMPLE.ORG""#, "b"), ("email.domain:sub.example.com", "e"),
        ("email.domain:com", ""), ("email.domain:*example*", "abcef"), ("_exists_:email.domain", "abcef"),
    ]);
}

#[test]
fn five_attributes_and_the_domain_are_compared_without_regard_to_case() {
    #[rustfmt::skip]
    assert_found(&[
        ("email:ADA@EXAMPLE.COM", "a"), (r#"email:"bob@example.org""#, "b"), ("email:nan@CORP.example", "f"),
        (r#"name:"ADA lovelace""#, "a"), ("name:jÜRGEN\\ o'NEIL", "e"), ("given_name:ADA", "a"), ("family_name:smith", "b"), ("nickname:BOBBY", "b"),
        ("email.domain:CORP.EXAMPLE", "f"), ("name:ADA*", "a"), ("email:*@EXAMPLE.*", "abc"), ("family_name:[l TO m]", "a"), ("name:[BOB TO carol]", "bc"),
        ("email:[B TO C]", "b"), ("email:{ADA@EXAMPLE.COM TO CAROL@EXAMPLE.COM]", "bc"),
        // every other value is
        ("username:A", ""), ("user_id:AUTH0|a", ""), ("user_metadata.plan:gold", "a"), ("user_metadata.plan:Gold", "d"),
        ("app_metadata.team:MATH", ""), ("identities.provider:GitHub", ""), ("identities.isSocial:True", ""), ("username:[A TO Z]", ""),
    ]);
}

#[test]
fn metadata_is_found_by_its_path_whatever_its_type() {
    #[rustfmt::skip]
    assert_found(&[
        ("user_metadata.address.city:London", "a"), ("user_metadata.address:London", ""), ("user_metadata.city:London", ""),
        ("user_metadata.age:36", "a"), ("user_metadata.score:1.5", "f"), ("user_metadata.vip:true", "a"), ("user_metadata.off:false", "f"),
        ("user_metadata.country:IN", "f"), (r#"user_metadata.country:"IN""#, "f"), ("user_metadata.country:(IN OR OUT)", "f"),
        (r#"user_metadata.note:"a \"b\" c""#, "a"), ("app_metadata.team:math", "ac"), ("app_metadata.level:10", "c"), ("app_metadata.level:-2", "f"),
        ("app_metadata.ratio:0.25", "f"), ("app_metadata.flag:true", "f"), (r#"app_metadata.text:"two words""#, "f"), ("app_metadata.text:two", ""),
        ("app_metadata.level:7", "g"), (r"app_metadata.a\ b.c\:d:e", "g"),
        // lists on the path do not count, of any depth
        ("user_metadata.tags:x", "a"), ("user_metadata.tags:y", "a"), ("user_metadata.tags:z", ""), ("user_metadata.tags:(x AND y)", "a"),
        ("user_metadata.nested.key:one", "f"), ("user_metadata.nested.key:two", "f"), ("app_metadata.roles.name:admin", "f"),
        ("app_metadata.roles.name:ops AND app_metadata.roles.rank:1", "f"), ("app_metadata.roles.rank:[2 TO 30]", "f"),
        // null and what is empty is not indexed
        ("_exists_:user_metadata.empty", ""), ("_exists_:user_metadata.nothing", ""), ("_exists_:user_metadata.void", ""),
        ("_exists_:user_metadata.holes", ""), ("user_metadata.nothing:null", ""),
    ]);
}

#[test]
fn identities_are_one_flat_list() {
    #[rustfmt::skip]
    assert_found(&[
        ("identities.connection:db", "abcg"), (r#"identities.connection:"google-oauth2""#, "c"), ("identities.provider:github", "e"),
        ("identities.user_id:7", "e"), (r#"identities.user_id:"7""#, "e"), ("identities.user_id:[6 TO 8]", "e"), ("identities.user_id:c2", "c"),
        ("identities.user_id:staff|f", "f"), ("identities.user_id:99", "g"), ("identities.isSocial:true", "ce"),
        ("identities.connection:google-oauth2 AND identities.user_id:c2", "c"), ("identities.connection:legacy AND identities.user_id:g", "g"),
        ("identities.isSocial:true AND identities.isSocial:false", "c"), ("identities.connection:goo*", "c"), ("identities.connection:*-oauth2", "c"),
        ("NOT identities.connection:db", "def"), ("identities:db", ""), ("_exists_:identities", "abcdefg"),
    ]);
}

#[test]
fn existence_is_that_of_a_value_at_the_path_or_below() {
    #[rustfmt::skip]
    assert_found(&[
        ("_exists_:logins_count", "abce"), ("NOT _exists_:logins_count", "dfg"), ("NOT _exists_:logins_count OR logins_count:0", "cdfg"),
        ("_exists_:user_metadata.plan", "abd"), (r#"_exists_:"blocked""#, "bg"), ("NOT _exists_:email", "dg"), ("-_exists_:email", "dg"),
        ("_exists_:user_metadata.address", "a"), ("_exists_:user_metadata.address.city", "a"), ("_exists_:user_metadata", "abdf"),
        ("_exists_:app_metadata", "abcfg"), ("_exists_:created_at", "abcdef"), ("email:*", "abcef"), ("user_metadata.plan:*", "abd"),
        ("user_metadata.address:*", "a"), ("_exists_:(email AND phone_number)", ""), ("_exists_:user_metadata.score", "f"),
    ]);
}

#[test]
fn wildcards_match_any_text_and_any_character() {
    #[rustfmt::skip]
    assert_found(&[
        ("name:ada*", "a"), ("name:jürg*", "e"), ("user_id:auth0|*", "abg"), ("username:a*", "a"), ("email:ada@example.com*", "a"),
        ("email:*@example.com", "ac"), ("name:*lace", "a"), ("name:*ace", "a"), ("email:*example*", "abcef"), ("name:*lov*", "a"), ("name:a*e", "a"),
        ("name:a*l*e", "a"), ("email:a*a@*.com", "a"), ("name:a*x", ""), ("nickname:b?bby", "b"), ("nickname:b?by", ""), ("username:?", "abcdefg"),
        ("nickname:b??by", "b"), ("logins_count:1*", "b"), ("created_at:2024*", "ab"),
        // a quoted or escaped wildcard is text
        (r#"nickname:"jo*hn""#, "e"), (r"nickname:jo\*hn", "e"), ("nickname:jo*hn", "e"), (r#"name:"ada*""#, ""), (r"name:ada\*", ""), (r"nickname:b\?bby", ""),
    ]);
}

#[test]
fn ranges_include_or_exclude_each_end_or_leave_it_open() {
    #[rustfmt::skip]
    assert_found(&[
        ("logins_count:[5 TO 7]", "ae"), ("logins_count:{5 TO 7]", "e"), ("logins_count:[5 TO 7}", "a"), ("logins_count:{5 TO 7}", ""),
        ("logins_count:[5 TO *]", "abe"), ("logins_count:{5 TO *]", "be"), ("logins_count:[* TO 10}", "ace"), ("logins_count:[* TO *]", "abce"),
        ("logins_count:{* TO *}", "abce"), ("logins_count:[10 TO 99]", ""), ("logins_count:[7 TO 5]", ""), ("logins_count:[ 5  TO  7 ]", "ae"),
        ("logins_count:>5", "be"), ("logins_count:>=5", "abe"), ("logins_count:<5", "c"), ("logins_count:<=5", "ac"), ("logins_count:> 5", "be"),
        ("logins_count:[4.5 TO 5.5]", "a"), ("logins_count:[-1 TO 1]", "c"), ("logins_count:([0 TO 1] OR [90 TO *])", "bc"),
        ("app_metadata.level:[3 TO 9]", "ag"), ("app_metadata.level:[3 TO 10]", "acg"), ("app_metadata.level:[-5 TO 3}", "f"),
        ("app_metadata.ratio:[0.2 TO 0.3]", "f"), ("app_metadata.until:[2026-03 TO 2026-04]", "f"),
        // texts; "Nan" is one, and no number
        ("username:[b TO d]", "bcd"), ("username:{b TO d}", "c"), ("name:[1 TO 2]", ""), ("name:[n TO o]", "f"), ("user_id:[auth0|a TO auth0|b]", "ab"),
        (r#"user_id:["auth0|a" TO "auth0|b"]"#, "ab"), (r#"user_id:{"auth0|a" TO auth0|b]"#, "b"), (r#"username:["b" TO "d"}"#, "bc"),
        (r"username:[\b TO d]", "bcd"), ("email:[o'a TO o'z]", "e"), (r"username:>\e", "fg"),
    ]);
}

#[test]
fn dates_are_ordered_and_a_part_of_one_stands_for_its_whole_span() {
    #[rustfmt::skip]
    assert_found(&[
        ("created_at:[2024-01-01 TO 2024-12-31]", "ab"), ("created_at:[2025-01-01 TO *]", "ce"), ("created_at:[* TO 2024-01-10]", "adf"),
        ("created_at:[* TO 2024-01-10}", "df"), ("created_at:{2024-01-10 TO *]", "bce"), ("created_at:[2024-01 TO 2024-06]", "ab"),
        ("created_at:{2024-01 TO 2024-06]", "b"), ("created_at:[2024 TO 2025]", "abc"), ("created_at:{2024 TO *]", "ce"), ("created_at:[* TO 2024}", "df"),
        ("last_login:[2025-12-01 TO 2025-12-31]", "ac"), ("last_login:{2025-12-01 TO 2025-12-31]", "a"), ("last_login:[2025-12-01 TO 2025-12-31}", "c"),
        ("updated_at:[2025-12-31T22:00:00.000Z TO *]", "ae"), ("updated_at:{2025-12-31T23:00:00.000Z TO *]", "e"),
        ("created_at:[2024-06-01T00:00:00.000Z TO 2024-06-01T00:00:00.000Z]", "b"), ("created_at:[2024-06-01T00:00:00Z TO 2024-06-01T00:00:00Z]", "b"),
        ("created_at:{2024-06-01T00:00:00Z TO 2025-01-01T00:00:00Z}", ""), ("created_at:>2025-01-01T00:00:00Z", "e"), ("created_at:>=2026", "e"),
        (r#"created_at:"2024-01-10T10:00:00.000Z""#, "a"),
    ]);
}

#[test]
fn parts_are_combined_by_operators_signs_and_groups() {
    #[rustfmt::skip]
    assert_found(&[
        ("email_verified:true AND logins_count:5", "a"), ("email_verified:true AND logins_count:6", ""), ("email_verified:true && username:c", "c"),
        ("username:a&&email_verified:true", "a"), ("username:a OR username:b", "ab"), ("username:a || username:b", "ab"), ("username:a username:b", "ab"),
        // AND binds more closely than OR
        ("username:a OR username:b AND blocked:false", "a"), ("blocked:false AND username:b OR username:a", "a"),
        ("username:a OR (username:b AND blocked:false)", "a"), ("(username:a OR username:b) AND email_verified:true", "a"),
        // negations
        ("NOT username:a", "bcdefg"), ("!username:a", "bcdefg"), ("-username:a", "bcdefg"), ("- username:a", "bcdefg"), ("NOT NOT username:a", "a"),
        ("!!username:a", "a"), ("email_verified:true AND NOT username:a", "cf"), ("email_verified:true AND -username:a", "cf"),
        ("username:a OR NOT email:*", "adg"), ("username:a OR -email:*", "adg"), ("email_verified:true NOT username:a", "cf"),
        ("NOT username:a email_verified:true", "cf"), ("NOT (username:a OR username:b)", "cdefg"), ("NOT(username:a OR username:b)", "cdefg"),
        ("username:a (NOT email:*)", "adg"), ("(email_verified:true NOT username:a)", "cf"),
        ("email_verified:true NOT(username:a)", "cf"), ("* AND (email_verified:true -username:a)", "cf"), ("* AND NOT blocked:true", "acdefg"), ("username:a AND *", "a"),
        // required and excluded parts; an alternative beside a required part does not count
        ("+email_verified:true -username:a", "cf"), ("+email_verified:true username:b", "acf"), ("email:* -email_verified:true", "be"),
        ("-username:a -username:b", "cdefg"), ("+email:* +logins_count:[5 TO *] -blocked:true", "ae"),
        // groups, of one attribute too
        ("username:(a OR c)", "ac"), ("username:(a c)", "ac"), ("username:(NOT a)", "bcdefg"), ("username:(a OR email:bob@example.org)", "ab"),
        ("email:(*)", "abcef"), ("(((username:a)))", "a"), ("( username:a )", "a"), ("(username:a)(username:b)", "ab"), ("username:a OR(username:b)", "ab"),
        ("username:a^2 OR username:b^0.5", "ab"), ("(username:a)^3", "a"), (r#"name:"ada lovelace"~2"#, "a"),
        // operators in texts
        (r#"name:"no AND yes" OR username:a"#, "a"), (r#"name:"a || b" OR username:c"#, "c"), ("name:and OR username:a", "a"), (r"name:\AND OR username:a", "a"),
    ]);
}

#[test]
fn a_backslash_makes_the_next_character_a_part_of_the_text() {
    #[rustfmt::skip]
    assert_found(&[
        (r"name:Ada\ Lovelace", "a"), (r"name:Zoë\ \(admin\)\ \[x\]", "g"), (r#"name:"Zoë (admin) [x]""#, "g"), (r"nickname:z`o\^e!", "g"),
        (r#"nickname:"z`o^e!""#, "g"), ("name:Jürgen\\ O'Neil", "e"), (r"name:Jürgen\ O\'Neil", "e"), (r"email:o'neil\+dev@sub.example.com", "e"),
        ("email:o'neil+dev@sub.example.com", "e"), (r"user_metadata.folder:C\:\\temp", "f"), (r#"user_metadata.folder:"C:\\temp""#, "f"),
        (r#"user_metadata.note:a\ \"b\"\ c"#, "a"), (r"username:\a", "a"), (r"user\name:a", "a"), (r"_exists_:\blocked", "bg"), (r"username:\>", ""), (r"user_id:auth0\|a", "a"), (r"phone_number:\+441632960044", "d"),
        (r"user_id:google\-oauth2|c", "c"), ("name:*o'neil", "e"),
    ]);
}

#[test]
fn a_term_without_an_attribute_is_searched_everywhere_but_in_user_metadata() {
    #[rustfmt::skip]
    assert_found(&[
        ("ada@example.com", "a"), ("ADA@example.com", "a"), ("math", "ac"), ("MATH", ""), ("gold", ""), ("London", ""), (r#""Ada Lovelace""#, "a"),
        ("github", "e"), ("admin", "f"), ("100", "b"), ("legacy", "g"), ("carol AND math", "c"), ("NOT math", "bdefg"), ("bob*", "b"), ("*@example.com", "ac"),
        ("mat*", ""), ("/a OR username:b", "b"),
    ]);
}

#[test]
fn queries_that_auth0_does_not_support_are_refused_with_the_reason() {
    const SYNTAX: &str = "it is not Lucene's syntax";
    const CLOSED: &str = "a bracket is not closed";
    const WILDCARD: &str = "a leading wildcard needs three characters after it";
    const METADATA: &str = "metadata cannot be searched by wildcards";
    let tenant = tenant();
    let deep = format!("{}username:a{}", "(".repeat(1_000), ")".repeat(1_000));
    #[rustfmt::skip]
    let table = [
        ("((", CLOSED), ("(username:a", CLOSED), (")", "a bracket is not opened"), ("username:a)", "a bracket is not opened"), ("()", SYNTAX),
        (r#"name:"open"#, "a quotation is not closed"), ("name:a\\", "nothing follows a backslash"), (deep.as_str(), "it is nested too deeply"),
        ("email:", SYNTAX), (":a", SYNTAX), ("name:a:b", SYNTAX), ("AND", SYNTAX), ("username:a AND", SYNTAX), ("OR username:a", SYNTAX), ("NOT", SYNTAX),
        ("name:AND", SYNTAX), ("username:a AND OR username:b", SYNTAX), ("username:a^", SYNTAX), ("^2", SYNTAX), ("name:^2", SYNTAX), ("username:a ^2", SYNTAX), ("username:a^x", SYNTAX), ("name:()", SYNTAX),
        ("--username:a", SYNTAX), ("+-username:a", SYNTAX), ("NOT -username:a", SYNTAX), ("-", SYNTAX), ("name:-ada", SYNTAX),
        (r#"name:"ada"~x"#, SYNTAX), ("username:a IN [a b]", SYNTAX), ("name:IN [a b]", SYNTAX), ("created_at:2024-01-10T10:00:00.000Z", SYNTAX),
        // ranges
        ("logins_count:[1 TO", "a range is not closed"), ("logins_count:[1 2]", SYNTAX), ("logins_count:>", SYNTAX), ("logins_count:>= || username:a", SYNTAX), ("(username:a)~2", SYNTAX), ("logins_count:[1 to 2]", SYNTAX), ("[1 TO 2]", SYNTAX),
        (r#"name:[a"b TO c]"#, "a range contains a bracket or a quote"), (r#"name:["" TO "b"]"#, SYNTAX), ("user_metadata.age:[1 TO 50]", "user_metadata cannot be searched by ranges"),
        ("user_metadata.age:>5", "user_metadata cannot be searched by ranges"), ("user_metadata.age:([1 TO 50])", "user_metadata cannot be searched by ranges"),
        // attributes
        ("picture:x", "picture cannot be searched by"), ("last_password_reset:[* TO *]", "last_password_reset cannot be searched by"),
        ("multifactor:duo", "multifactor cannot be searched by"), ("blocked_for:x", "blocked_for cannot be searched by"),
        ("nonsense.field:1", "nonsense.field cannot be searched by"), ("_exists_:picture", "picture cannot be searched by"), ("picture:*", "picture cannot be searched by"),
        // wildcards
        ("name:*ab", WILDCARD), ("name:*a", WILDCARD), ("name:*ab*", WILDCARD), ("name:**", WILDCARD), ("*ab", WILDCARD), ("name:*a?b", WILDCARD),
        ("user_metadata.plan:g*", METADATA), ("app_metadata.team:m*", METADATA), ("app_metadata.team:m?th", METADATA), ("app_metadata.team:(math OR o*)", METADATA),
    ];
    for (query, reason) in table {
        let error = find(&tenant, query).expect_err(query);
        let shown: String = query.chars().take(40).collect();
        let status = error.status().unwrap().as_u16();
        assert_eq!((status, error.code()), (400, Some("invalid_query_string")), "{shown}: {error}");
        assert_eq!(error.message(), format!("The query cannot be used: {reason}."), "{shown}");
    }
}

#[test]
fn users_are_sorted_by_an_attribute_and_those_without_it_come_first() {
    let tenant = tenant();
    let list = |sort: &str| {
        let users = tenant.management().users();
        let page = tenant.clock().block_on(users.get_all().q("NOT username:g").sort(sort).send())?;
        Ok::<String, users_core::Error>(page.iter().map(|user| user.username.as_deref().unwrap()).collect())
    };
    for (sort, expected) in [
        ("username:1", "abcdef"),
        ("username:-1", "fedcba"),
        ("created_at:1", "fdabce"),
        ("created_at:-1", "ecbadf"),
        ("user_id:1", "abecfd"),
        ("name:-1", "fec"),
    ] {
        let found = list(sort).unwrap();
        assert!(found.starts_with(expected), "{sort}: {found}");
    }
    let by_logins = list("logins_count:1").unwrap();
    assert!(
        by_logins.ends_with("caeb") && list("logins_count:-1").unwrap().starts_with("beac"),
        "{by_logins}"
    );
    for sort in [
        "username",
        "username:2",
        "username:",
        ":1",
        "user_metadata:1",
        "app_metadata.level:1",
        "identities:1",
        "picture:1",
    ] {
        assert_eq!(list(sort).unwrap_err().code(), Some("invalid_query_string"), "{sort}");
    }
}
