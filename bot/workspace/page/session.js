// Who one is, where one looks and what is known: the one state the page's parts share.

export const session = {
  model: null,
  person: null,
  here: { channel: null, thread: null },
  online: true,
  // Whether the open thread was opened by its reader rather than by an answer.
  openedByHand: false,
};

export const narrow = matchMedia("(max-width: 760px)");
