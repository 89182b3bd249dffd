// What a person does with a form and with the Home tab: submit, close, press something.
//
// An action that fails says so in the form, or in a notice. Knows nothing of how a form looks.

import { attempt } from "./messaging.js";
import { loadForm } from "./navigation.js";
import { useView } from "../api.js";
import { drawForm, showFormProblem } from "../forms/form.js";
import { session } from "../session.js";
import { t } from "../strings.js";

// What the server answers when the bot did not acknowledge, or not in a way that can be done.
const NO_ANSWER = ["operation_timeout", "invalid_response"];
// What it answers when the form was closed meanwhile, for example in another window.
const GONE = "view_not_found";

export const submitForm = (view, values) => use(view, { do: "submit", values });

export const closeForm = (view) => use(view, { do: "close" });

export const pressInForm = (view, values, actionId, value, blockId) =>
  inForm(() => useView(session.model.me, view.id, press(values, actionId, value, blockId)));

export const pressInHome = (values, actionId, value, blockId) =>
  attempt(() => useView(session.model.me, session.model.home.id, press(values, actionId, value, blockId)));

const press = (values, actionId, value, blockId) =>
  ({ do: "press", values, action_id: actionId, value, block_id: blockId });

// Submits or closes, and shows what the person sees then.
const use = (view, what) =>
  inForm(async () => {
    const { me } = session.model;
    const { view: shown, errors } = await useView(me, view.id, what);
    if (me !== session.model.me) return;
    session.model.form = { view: shown, errors };
    drawForm();
  });

async function inForm(action) {
  try {
    await action();
  } catch (error) {
    if (error.message === GONE) return loadForm();
    showFormProblem(NO_ANSWER.includes(error.message) ? t.noAnswer : t.failed(error.message));
  }
}
