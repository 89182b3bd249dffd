// The state that the modules of the page share: the person, the channel shown, and the model.

export const session = {
  // The messages, channels and people known: a Model.
  model: null,
  // The Web API with the token of the chosen person: a Person.
  person: null,
  // The channel and the thread that are shown; thread is null while none is open. In direct
  // messages, `home` tells whether the Home tab is shown instead of the messages.
  here: { channel: null, thread: null, home: false },
  // Whether the stream of events is connected.
  online: true,
  // Whether the person opened the thread; otherwise an answer did.
  openedByHand: false,
};

// On a narrow page, a phone's, the sidebar is a menu and a thread covers the channel.
export const narrow = matchMedia("(max-width: 760px)");
