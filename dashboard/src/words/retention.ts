// What is kept, in Japanese: the server says it in English, in sentences that change seldom. A sentence that is not known here is
// shown as the server says it, marked as English.

const JA: Record<string, string> = {
  "events (address, cookie, user agent, page, referrer)": "アクセス（IPアドレス、Cookie、ユーザーエージェント、ページ、参照元）",
  "in memory only, never on disk and never in a log": "メモリー上のみ。ディスクにもログにも書き込みません",
  "the end of the call that brought them": "受信処理が終わるまで",
  "visitor tags and counts that are not published yet": "訪問者の符号と、まだ公表していない件数",
  "encrypted on disk, under keys of their own for each day, week and month; a tag is a keyed hash": "日・週・月ごとの鍵で暗号化してディスクに保存。符号は鍵付きハッシュです",
  "their day, week or month is sealed: the key is then destroyed, and what is left on disk cannot be read": "日・週・月の集計が確定するまで。確定時に鍵を破棄し、ディスクに残ったものは読めなくなります",
  "sums by page, referrer and campaign that are not public yet, without any visitor": "まだ名前を公表していないページ・参照元・キャンペーンごとの合計（訪問者の情報は含みません）",
  "encrypted on disk, under a key of its own for each quarter": "四半期ごとの鍵で暗号化してディスクに保存",
  "their quarter is sealed: the key is then destroyed": "四半期の集計が確定するまで。確定時に鍵を破棄します",
  "releases (counts with noise)": "公表値（ノイズを加えた件数）",
  "in clear; they are public": "暗号化なし（公開情報です）",
  forever: "期限なし",
  "how far each producer has sent, and its own bookmark": "各送信元の送信状況",
  "on disk, under a keyed hash of the producer's name; nothing of a visitor": "送信元名の鍵付きハッシュとともにディスクに保存。訪問者の情報は含みません",
  "the data directory is deleted": "データディレクトリーが削除されるまで",
  "The first day on which a site has anything, if nobody configured it, and the first and last day of an imported log are exact: the promise does not cover them.":
    "設定なしで作成されたサイトの最初の日と、取り込んだログの最初と最後の日がいつであるかは正確な情報で、保護の対象外です。",
};

/** The sentence in Japanese, where it is known. */
export const inJapanese = (text: string): string | undefined => JA[text.trim()];
