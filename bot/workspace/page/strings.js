// Every word the page shows, in both languages. Knows nothing of where they appear.

const CATALOGUE = {
  en: {
    channels: "Channels",
    directMessages: "Direct messages",
    youAre: "You are",
    admin: "admin",
    app: "APP",
    openMenu: "Open channel list",
    closeMenu: "Close channel list",
    directTopic: "Only you and Swallow can read this",
    channelTopic: (bot) => `Mention @${bot} to ask it something`,
    messagesIn: (name) => `Messages in ${name}`,
    messageTo: (name) => `Message ${name}`,
    thread: "Thread",
    closeThread: "Close thread",
    replyInThread: "Reply in thread",
    reply: "Reply…",
    replies: (n) => (n === 1 ? "1 reply" : `${n} replies`),
    viewThread: "View thread",
    send: "Send",
    attach: "Attach a text file",
    mentionBot: (bot) => `Mention ${bot}`,
    removeFile: (name) => `Remove ${name}`,
    keys: "Enter sends, Shift+Enter starts a new line",
    emptyTitle: (name) => `This is the beginning of ${name}`,
    emptyChannel: (bot) => `Mention @${bot} to ask a question. What follows a blank line, or an attached text file, is the text to work on.`,
    emptyDirect: (bot) => `Write to ${bot} here without a mention. Nobody else reads along.`,
    examples: "Try one of these",
    example1: "What is a swallow? Answer in two sentences.",
    example2: "Summarise the text below in three points.",
    example3: "Translate “Good morning” into Japanese.",
    onlyYou: "Only visible to you",
    dismiss: "Dismiss",
    edited: "edited",
    deleted: "This message was deleted.",
    today: "Today",
    yesterday: "Yesterday",
    newMessages: "New messages",
    newest: "Jump to the newest message",
    notConnected: "Swallow is not connected. What you write is kept and delivered as soon as it is.",
    offline: "The local workspace does not answer. Trying again…",
    failed: (why) => `That did not work: ${why}`,
    tooLong: "The message is longer than 4,000 characters. Attach the text as a file instead.",
    tooBig: "The file is larger than 20 MB.",
    copy: "Copy",
    copied: "Copied",
    showAll: "Show whole file",
    openImage: "Picture: ",
    good: "Good answer",
    bad: "Bad answer",
    suggestions: "Suggestions",
    writing: "is writing",
    from: (name) => `from ${name}`,
    unread: "unread",
    cancel: "Cancel",
    train: "Train an adapter on the team's data (admins)",
    adapter: "List adapters or choose one (admins)",
    adapterList: "Show all adapters",
    adapterShow: "Show how one was trained",
    adapterUse: "Answer with this adapter",
    adapterOff: "Answer with the base model",
    trainEpochs: "How often to go through the data",
  },
  ja: {
    channels: "チャンネル",
    directMessages: "ダイレクトメッセージ",
    youAre: "操作中のユーザー",
    admin: "管理者",
    app: "アプリ",
    openMenu: "チャンネル一覧を開く",
    closeMenu: "チャンネル一覧を閉じる",
    directTopic: "あなたと Swallow だけが読めます",
    channelTopic: (bot) => `@${bot} とメンションして質問できます`,
    messagesIn: (name) => `${name} のメッセージ`,
    messageTo: (name) => `${name} へのメッセージ`,
    thread: "スレッド",
    closeThread: "スレッドを閉じる",
    replyInThread: "スレッドで返信",
    reply: "返信する…",
    replies: (n) => `${n} 件の返信`,
    viewThread: "スレッドを表示",
    send: "送信",
    attach: "テキストファイルを添付",
    mentionBot: (bot) => `${bot} をメンション`,
    removeFile: (name) => `${name} を外す`,
    keys: "Enter で送信、Shift+Enter で改行",
    emptyTitle: (name) => `ここが ${name} の始まりです`,
    emptyChannel: (bot) => `@${bot} とメンションして質問してください。空行のあとの文章や添付したテキストファイルは、処理する対象として渡されます。`,
    emptyDirect: (bot) => `ここではメンションなしで ${bot} に話しかけられます。ほかの人には見えません。`,
    examples: "たとえば",
    example1: "燕とはどんな鳥ですか？二文で答えてください。",
    example2: "次の文章を三点に要約してください。",
    example3: "「おはようございます」を英語に訳してください。",
    onlyYou: "あなただけに表示されています",
    dismiss: "閉じる",
    edited: "編集済み",
    deleted: "このメッセージは削除されました。",
    today: "今日",
    yesterday: "昨日",
    newMessages: "新着メッセージ",
    newest: "最新のメッセージへ移動",
    notConnected: "Swallow は接続していません。送ったメッセージは保存され、接続するとすぐに届きます。",
    offline: "ローカルワークスペースが応答しません。再接続しています…",
    failed: (why) => `うまくいきませんでした: ${why}`,
    tooLong: "メッセージが 4,000 文字を超えています。ファイルとして添付してください。",
    tooBig: "ファイルが 20 MB を超えています。",
    copy: "コピー",
    copied: "コピーしました",
    showAll: "全体を表示",
    openImage: "画像: ",
    good: "良い回答",
    bad: "良くない回答",
    suggestions: "候補",
    writing: "が書いています",
    from: (name) => `${name} から`,
    unread: "未読",
    cancel: "キャンセル",
    train: "チームのデータでアダプターを学習（管理者）",
    adapter: "アダプターの一覧と切り替え（管理者）",
    adapterList: "アダプターの一覧",
    adapterShow: "学習の内容を表示",
    adapterUse: "このアダプターで回答する",
    adapterOff: "元のモデルで回答する",
    trainEpochs: "データを何周するか",
  },
};

export const language = navigator.language.toLowerCase().startsWith("ja") ? "ja" : "en";
export const t = CATALOGUE[language];

const clock = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(language, { month: "long", day: "numeric", weekday: "short" });
const whole = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

const moment = (ts) => new Date(Number(ts) * 1000);

export const timeOf = (ts) => clock.format(moment(ts));
export const instantOf = (ts) => whole.format(moment(ts));
export const isoOf = (ts) => moment(ts).toISOString();

export function dayOf(ts) {
  const date = moment(ts);
  const today = new Date();
  const days = Math.round((new Date(today).setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return t.today;
  return days === 1 ? t.yesterday : day.format(date);
}

export function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
