import { isKept } from "./allowList";
import { restartGopls, setEnv, unsetEnv } from "./goExtension";
import type { EditorAction, EditorActionResult } from "./protocol.gen";
import { messageOf } from "./text";
import * as api from "./vscodeApi";

type Handler = (action: EditorAction) => Promise<void> | void;

const handlers: { [kind: string]: Handler } = {
  unsetEnv: ({ names = [] }) => {
    onlyKept(names);
    unsetEnv(names);
  },
  setEnv: ({ values = {} }) => {
    onlyKept(Object.keys(values));
    setEnv(values);
  },
  restartGopls: () => restartGopls(),
  save: async ({ uri = "" }) => {
    if (!(await api.saveDocument(uri))) {
      throw new Error("The editor could not save the file.");
    }
  },
};

/** The actions that the server may ask for. */
export const editorActionKinds = Object.keys(handlers);

/**
 * Carries out what only the editor can do. Whatever fails is an answer with a
 * sentence, never an exception. Nothing is done in an untrusted workspace.
 */
export async function runEditorAction(action: EditorAction): Promise<EditorActionResult> {
  const handler = handlers[action.kind];
  if (handler === undefined) {
    return { ok: false, error: `This version of the extension does not know the action "${action.kind}".` };
  }
  if (!api.isTrusted()) {
    return { ok: false, error: "The workspace is not trusted." };
  }
  try {
    await handler(action);
    return { ok: true };
  } catch (error) {
    return { ok: false, error: messageOf(error) };
  }
}

/** A cure has no business with variables that are not about Go. */
function onlyKept(names: string[]): void {
  const foreign = names.filter((name) => !isKept(name));
  if (foreign.length > 0) {
    throw new Error(`Go Phantom does not change ${foreign.join(", ")}.`);
  }
}
