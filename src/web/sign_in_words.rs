//! The page on which a browser signs in, in English and Japanese.

use http::HeaderValue;

use crate::access::decide::Denied;

/// The words of one language.
pub(super) struct Words {
    language: &'static str,
    title: &'static str,
    lead: &'static str,
    token: &'static str,
    sign_in: &'static str,
    signed_in: &'static str,
    sign_out: &'static str,
    to_statistics: &'static str,
    wrong: &'static str,
    role: &'static str,
    too_many: &'static str,
    other: (&'static str, &'static str),
}

const ENGLISH: Words = Words {
    language: "en",
    title: "Sign in",
    lead: "These statistics are read with a token. Whoever runs this server gives you one; it begins with hc_read_.",
    token: "Token",
    sign_in: "Sign in",
    signed_in: "You are signed in. It ends after 12 hours, or when you sign out.",
    sign_out: "Sign out",
    to_statistics: "To the statistics",
    wrong: "This token is not good: it may be mistyped, over or revoked. Copy all of it, or ask whoever gave it to you.",
    role: "This token does not read statistics. You need one that begins with hc_read_.",
    too_many: "Too many wrong tokens came from your network. Wait a minute and try again.",
    other: ("?lang=ja", "日本語"),
};

const JAPANESE: Words = Words {
    language: "ja",
    title: "サインイン",
    lead: "この統計を見るにはトークンが必要です。サーバーの管理者から受け取ってください。hc_read_ で始まる文字列です。",
    token: "トークン",
    sign_in: "サインイン",
    signed_in: "サインインしています。12時間後、またはサインアウトすると終了します。",
    sign_out: "サインアウト",
    to_statistics: "統計を見る",
    wrong: "このトークンは使えません。入力の誤り、期限切れ、または取り消しの可能性があります。全体をコピーし直すか、発行者に確認してください。",
    role: "このトークンでは統計を見ることができません。hc_read_ で始まるトークンが必要です。",
    too_many: "お使いのネットワークから誤ったトークンが多数送られました。1分ほど待ってからやり直してください。",
    other: ("?lang=en", "English"),
};

impl Words {
    /// The words of the language that the address names, else of the one that the browser names first.
    pub(super) fn of(query: Option<&str>, accepted: Option<&HeaderValue>) -> &'static Self {
        let asked = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("lang=")));
        let first = accepted.and_then(|value| value.to_str().ok()).unwrap_or_default();
        if asked.unwrap_or(first).to_ascii_lowercase().starts_with("ja") { &JAPANESE } else { &ENGLISH }
    }

    /// The page. Nothing that somebody sent stands on it.
    pub(super) fn page(&self, is_signed_in: bool, refused: Option<Denied>) -> String {
        let Self { language, title, lead, other, .. } = self;
        let (address, name) = other;
        let content = if is_signed_in {
            let Self { signed_in, to_statistics, sign_out, .. } = self;
            format!(
                "<p>{signed_in}</p><p><a href=\"/\">{to_statistics}</a></p>\
                 <form method=\"post\" action=\"/sign-out\"><button>{sign_out}</button></form>"
            )
        } else {
            let Self { token, sign_in, .. } = self;
            let wrong = refused.map(|denied| format!("<p role=\"alert\" class=\"wrong\">{}</p>", self.refusal(denied)));
            format!(
                "<p>{lead}</p>{}<form method=\"post\" action=\"/sign-in?lang={language}\"><label for=\"token\">{token}</label>\
                 <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"off\" spellcheck=\"false\" required autofocus>\
                 <button>{sign_in}</button></form>",
                wrong.unwrap_or_default()
            )
        };
        format!(
            "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title} · headcount</title>\
             <link rel=\"icon\" href=\"/icon.svg\"><link rel=\"stylesheet\" href=\"/sign-in.css\">\
             <main><h1>{title}</h1>{content}<p><a href=\"/sign-in{address}\">{name}</a></p></main></html>\n"
        )
    }

    fn refusal(&self, denied: Denied) -> &'static str {
        match denied {
            Denied::WrongRole(..) => self.role,
            Denied::TooMany(_) => self.too_many,
            _ => self.wrong,
        }
    }
}
