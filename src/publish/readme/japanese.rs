//! The Japanese text.

use std::fmt::Write as _;

use super::{Catalogue, by_terms, gap_items, licence_link, noise_rows, site_rows, sources, title_ja};
use crate::publish::terms::Terms;

pub(super) fn text(catalogue: &Catalogue<'_>) -> String {
    let about = catalogue.publication;
    let publisher = about.publisher.as_ref().map(|name| format!("公表者：{name}。")).unwrap_or_default();
    let licence = licence_link(about).map_or_else(
        || "利用条件は示されていません。利用する前に公表者へお問い合わせください。".to_owned(),
        |licence| format!("利用条件：{licence}"),
    );
    let mut text = format!("# {}\n\n{publisher}{licence}\n\nEnglish: [README.md](README.md)\n\n", title_ja(about));
    text.push_str(CONTENT);
    text.push_str(READING);
    text.push_str(CAVEATS);
    for source in sources(catalogue) {
        let _ = writeln!(text, "- 国の判定に使ったデータ：{source}。数値を使うときは、この出典を示してください。");
    }
    text.push_str("\n## プライバシー保護のパラメーター\n\n");
    for (terms, sites) in by_terms(catalogue) {
        text.push_str(&parameters(terms, &sites));
    }
    let gaps = gap_items(catalogue);
    let gaps = if gaps.is_empty() { "ありません。\n".to_owned() } else { gaps };
    let _ = write!(text, "## 値のない日\n\n{gaps}\n");
    let _ = write!(
        text,
        "## サイト一覧\n\n| サイト | タイムゾーン | 最初の日 | 最後の日 |\n|---|---|---|---|\n{}",
        site_rows(catalogue)
    );
    text
}

const CONTENT: &str = "\
ウェブサイトの訪問数、ページビュー数、訪問者数です。どの値も、1人の訪問者の1日分の行動が分からないようにノイズを加えて、
一度だけ公表したものです。個人に関する情報は含みません。

## ファイル

| ファイル | 1行の内容 |
|---|---|
| `data/sites.csv` | サイト |
| `data/サイト/年/traffic-days.csv`、`traffic-weeks.csv`、`traffic-months.csv` | 期間と指標 |
| `data/サイト/年/表-months.csv`（公表していれば `表-days.csv` も） | 期間、項目、指標（`pages`、`countries` など） |

どのファイルにも `.csv`（UTF-8、BOM付き、RFC 4180）と `.json`（オブジェクトの配列）があり、列と行は同じです。ファイルの場所は変わりません。
列の説明は `datapackage.json` と `schemas/`（Frictionless Data Package）に、データカタログ向けの情報は `dcat.jsonld`（DCAT）にあります。
日付と時刻は、各サイトの現地時間です。週は月曜日から日曜日までで、始まる日の年のフォルダーにあります。

";

const READING: &str = "\
## 数値の読み方

- `estimate` は最良の推定値、`low` から `high` までは95%信頼区間です。このような区間100個のうち95個は、真の値を含みます。区間が表すのは
  ノイズだけで、訪問数の偶然の変動は含みません。`low` が0のときは、ノイズだけの可能性があります。
- `estimate` が空のときは、`reason` に理由があります。`not_sealed`（未公表）、`gap`（自己検査に合格しなかったため欠測）、
  `before_first_day`（集計開始前）、`not_counted`（このサイトでは集計していない）、`not_measured`（該当する値がない）、
  `visitors_do_not_add`（訪問者数は合計できない）。0は、値が0であることを表します。
- 2つの値の差が、それぞれの `standard_error` の2乗の和の平方根の1.96倍より大きければ、差は誤差の範囲を超えています。

";

const CAVEATS: &str = "\
## 注意

- 「訪問者」は、サイトから見分けられるブラウザーであり、人ではありません。「訪問」は、1つのサイトでの、1人の訪問者の現地時間0時から24時までの
  行動全体です。
- 期間やサイトをまたぐ訪問者数は合計できません。2か月続けて訪れた訪問者は、それぞれの月で1と数えます。
- ページビューは、訪問者ごとに1日の上限（下記）まで数えます。上限に達した訪問の数は `limited_visits` にあります。
- ロボットであると名乗るものは、訪問に数えません。名乗らないロボットは数えられます。
- `(other)` は、個別に公表していないものです。一覧にないページ、参照元、キャンペーンは、1人の訪問者を見分けられない程度の数になるまで
  個別には公表しません。項目がないことは、0を意味しません。
- 日の値は、その週と月が公表されるときに少し変わり、その後は変わりません。
- CSVでは、`=`、`+`、`-`、`@`、`'` または制御文字で始まる項目の前に `'` を1つ付けています。表計算ソフトで数式と見なされないようにするためです。
  元の項目は `'` を1つ除いたものです。JSONの項目は元のままです。
";

fn parameters(terms: &Terms, sites: &[&str]) -> String {
    let [week, month, year] = terms.regular.map(|(epsilon, delta)| format!("({epsilon:.1}, {delta:.1e})"));
    format!(
        "プロファイル `{}`（{}）：1つのサイトでの1人の訪問者の1日について公表するすべての値は、合わせて ({}, {:e})-差分プライバシーを満たします。\
         1週間、1か月、1年のあいだ毎日同じ行動をする訪問者については、最悪の場合 {week}、{month}、{year} です。1人の訪問者の1日について、\
         ページビューは{}回、同じページは{}回まで数えます。ノイズは離散ガウス分布で、標準偏差は `sigma` です。\n\n\
         | 表 | 期間 | 内容 | sigma | 新しい項目のしきい値 |\n|---|---|---|---|---|\n{}\n",
        terms.profile,
        if sites.len() == 1 {
            sites[0].to_owned()
        } else {
            format!("{}サイト：{}", sites.len(), sites.join("、"))
        },
        terms.epsilon,
        terms.delta,
        terms.views_per_visitor_day,
        terms.views_per_page,
        noise_rows(terms)
    )
}
