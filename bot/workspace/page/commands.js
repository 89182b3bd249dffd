// The slash commands of the bot with their arguments, as the message box suggests them, and the
// shortcuts in a message's menu. Both are those of the app's manifest.
//
// Slack refuses any other command at once, and so does the page. `escaped` is `should_escape` of the
// manifest: people and channels in the text become references.

import { t } from "./strings.js";

export const COMMANDS = [
  { name: "/swallow-train", usage: "epochs=1", about: t.train },
  { name: "/swallow-adapter", usage: "list | show | use | off | compare | remove", about: t.adapter },
  { name: "/swallow-channel", usage: "instructions= | adapter= | language= | max= | ask=", about: t.channelSettings, escaped: true },
  { name: "/swallow-forget", usage: "", about: t.forget },
  { name: "/swallow-help", usage: "", about: t.help },
];

export const ARGUMENTS = {
  "/swallow-train": [
    { name: "epochs=1", about: t.trainEpochs },
    { name: "status", about: t.trainStatus },
    { name: "cancel", usage: "[ID]", about: t.trainCancel },
    { name: "resume", usage: "[ID]", about: t.trainResume },
    { name: "help", about: t.commandHelp },
    { name: "data=", usage: "NAME", about: t.trainData },
    { name: "data=feedback", about: t.trainFeedback },
    { name: "output=", usage: "NAME", about: t.trainOutput },
  ],
  "/swallow-adapter": [
    { name: "list", about: t.adapterList },
    { name: "show ", usage: "NAME", about: t.adapterShow },
    { name: "use ", usage: "NAME [here]", about: t.adapterUse },
    { name: "off", usage: "[here]", about: t.adapterOff },
    { name: "compare ", usage: "NAME [QUESTION]", about: t.adapterCompare },
    { name: "remove ", usage: "NAME", about: t.adapterRemove },
    { name: "help", about: t.commandHelp },
  ],
  "/swallow-channel": [
    { name: "show", about: t.channelShow },
    { name: "instructions=", usage: "TEXT", about: t.channelInstructions },
    { name: "adapter=", usage: "NAME | auto", about: t.channelAdapter },
    { name: "language=", usage: "ja | en | auto", about: t.channelLanguage },
    { name: "max=", usage: "TOKENS | auto", about: t.channelMax },
    { name: "ask=", usage: "everyone | admins", about: t.channelAsk },
    { name: "help", about: t.commandHelp },
  ],
  "/swallow-forget": [],
  "/swallow-help": [],
};

// The shortcuts of every message, whoever wrote it.
export const SHORTCUTS = [
  { callbackId: "summarise_message", name: t.summarise },
  { callbackId: "translate_message", name: t.translate },
  { callbackId: "ask_about_message", name: t.askAbout },
  { callbackId: "teach_answer", name: t.teachAnswer },
];

// {name, argumentText} of a text that is a slash command, null of any other.
export function parseCommand(text) {
  const match = text.match(/^(\/[\w-]+)(?:\s+([\s\S]*))?$/);
  return match && { name: match[1], argumentText: match[2] ?? "" };
}

export const commandNamed = (name) => COMMANDS.find((command) => command.name === name);
