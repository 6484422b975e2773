//! The words that say what a number or a token beside them is. Only nouns of URLs; no person's name.
//!
//! It is here so that somebody who knows a language better adds a word in one place. Words are in small letters, without signs; English
//! plurals follow by themselves. It decides nothing: `words` does.

/// Before numbers and codes of articles, goods, laws, registers, files.
pub(super) const PUBLIC: &str = "\
    abs abstract act album announcement answer app archive area article artist arxiv asin asset author bbs bill blob \
    blog book budget bug build bundle cas cat catalog category changeset channel chapter checksum chunk city \
    collection color column comic comment commit company content corp corporation course cve cwe data dataset decree \
    detail diff digest dl doc document doi download dp ean entry episode event faq figure file film forum gallery game \
    ghsa goods gtin hash hojin houdou houjin image img index info isbn iso issn issue item jan jirei jis job journal \
    jvndb kb kiji koho kohou kouhou law lawid lecture lesson line list main manga md media model movie music nct ndc \
    news no node notice number oshirase p page painting paper part patent photo pmc pmid polyfill population post \
    postal postcode press pressit price product program programme project publication pull question recipe \
    regulation release report repository resource rev review revision rfc room route rule runtime script season \
    section series sha shiryou shop show sku song species spot standard stat station statistic stock stop store story \
    style symbol table tag talk taxon tender thread tile title tn topic track tree upc update upload v vendor video \
    vol volume watch wiki work yuubin zip zipcode お知らせ ニュース 報道 広報 法令 番組 第 記事 資料 郵便番号";

/// Before the number of a version.
pub(super) const VERSION: &str = "\
    chrome chromium driver edge firefox firmware jdk kernel linux macos opera package patch pkg r release safari v ver \
    version win windows";

/// Before the number of a person, or of what a person ordered.
pub(super) const PERSONAL: &str = "\
    account accountid acct applicant application applicationid birth birthdate birthday booking bookingid born citizen \
    client clientid contact contract customer customerid dob employee employeeid guest household iban invoice \
    invoiceid kaiin kokyaku licence license me member memberid membership mobile my mynumber mypage order orderid \
    orderno passenger passport patient patientid payment people person personid phone profile receipt reservation \
    reservationid respondent ssn staff student studentid subscriber subscription tel telephone u uid user userid usr \
    visitor voter 会員 会員番号 利用者 受付番号 学籍番号 患者 注文 社員 顧客";

/// Before what opens something, often.
pub(super) const KEY: &str = "\
    accept access activate activation auth authorize callback code confirm confirmation downloadtoken invitation \
    invite key login magic nonce oauth optin optout reset s secret session share sig sign signature ss state t ticket \
    token unsubscribe verification verify";

/// Before a session or a password, always.
pub(super) const SECRET: &str = "\
    accesskey accesstoken apikey apitoken aspsessionid authcode authkey authtoken bearer cfid cftoken clientsecret \
    csrf csrftoken idtoken jsessionid jwt oauthtoken onetimetoken osid otp passcode passphrase passwd password \
    phpsessid pwd refreshtoken resettoken secretkey sessid sessionid sessionkey sessiontoken sid xsrf xsrftoken";

/// Before a position.
pub(super) const PLACE: &str = "\
    coord coordinate coords geo geohash gps lat latitude latlng latlon ll lng location lon long longitude map near \
    nearby olc pluscode position";

/// Before the address of a computer.
pub(super) const COMPUTER: &str = "\
    addr computer ec host hostname ip ipaddr ipaddress ipv mac macaddress peer whois";

/// Names of parameters whose values are personal, and what replaces them.
pub(super) const PARAMETERS: [(&str, &str); 5] = [
    (
        "{name}",
        "addr address birth birthdate birthday dob familyname firstname fname fullname furigana givenname lastname \
         lname login loginid namae name nickname person realname recipient screenname shimei surname uname user userid \
         username 住所 名 名前 姓 姓名 氏名 電話番号",
    ),
    ("{email}", "email emailaddress mail mailaddress mailto メール メールアドレス"),
    ("{phone}", "fax mobile phone phonenumber tel telephone"),
    (
        "{token}",
        "dclid fbclid ga gbraid gclid gclsrc hsenc hsmi igshid liclid lifatid mceid mkttok msclkid pass pin ttclid \
         twclid vmcid wbraid yclid",
    ),
    ("{place}", "lat latitude latlng latlon ll lng lon longitude"),
];
