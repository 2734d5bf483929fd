//! The types of identity and multi-factor providers.

use crate::object::open_enum;

open_enum! {
    /// The type of an identity provider: the part of a user's id before the `|`.
    pub enum Provider {
        Ad = "ad",
        Adfs = "adfs",
        Amazon = "amazon",
        Apple = "apple",
        Dropbox = "dropbox",
        Bitbucket = "bitbucket",
        Auth0Oidc = "auth0-oidc",
        Auth0 = "auth0",
        Baidu = "baidu",
        Bitly = "bitly",
        Box = "box",
        Custom = "custom",
        Daccount = "daccount",
        Dwolla = "dwolla",
        Email = "email",
        EvernoteSandbox = "evernote-sandbox",
        Evernote = "evernote",
        Exact = "exact",
        Facebook = "facebook",
        Fitbit = "fitbit",
        Github = "github",
        GoogleApps = "google-apps",
        GoogleOauth2 = "google-oauth2",
        Instagram = "instagram",
        Ip = "ip",
        Line = "line",
        Linkedin = "linkedin",
        Oauth1 = "oauth1",
        Oauth2 = "oauth2",
        Office365 = "office365",
        Oidc = "oidc",
        Okta = "okta",
        Paypal = "paypal",
        PaypalSandbox = "paypal-sandbox",
        Pingfederate = "pingfederate",
        Planningcenter = "planningcenter",
        SalesforceCommunity = "salesforce-community",
        SalesforceSandbox = "salesforce-sandbox",
        Salesforce = "salesforce",
        Samlp = "samlp",
        Sharepoint = "sharepoint",
        Shopify = "shopify",
        Shop = "shop",
        Sms = "sms",
        Soundcloud = "soundcloud",
        Thirtysevensignals = "thirtysevensignals",
        Twitter = "twitter",
        Untappd = "untappd",
        Vkontakte = "vkontakte",
        Waad = "waad",
        Weibo = "weibo",
        Windowslive = "windowslive",
        Wordpress = "wordpress",
        Yahoo = "yahoo",
        Yandex = "yandex",
    }
}

open_enum! {
    /// A multi-factor provider whose enrollment `DELETE /users/{id}/multifactor/{provider}` deletes.
    pub enum MultifactorProvider {
        Duo = "duo",
        GoogleAuthenticator = "google-authenticator",
    }
}
