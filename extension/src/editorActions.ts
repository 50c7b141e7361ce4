import { isKept } from "./allowList";
import { installGopls, reloadGopls, restartGopls, setEnv, unsetEnv } from "./goExtension";
import type { EditorAction, EditorActionResult } from "./protocol.gen";
import { messageOf } from "./text";
import * as api from "./vscodeApi";

type Handler = (action: EditorAction) => Promise<void> | void;

const restartExtensions = "workbench.action.restartExtensionHost";
const restartAfterMillis = 300;

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
  reloadGopls: ({ uris = [] }) => reloadGopls(openFolders(uris)),
  installGopls: () => installGopls(),
  restartExtensionHost: async () => {
    if (!(await api.commandExists(restartExtensions))) {
      throw new Error(api.t("This editor does not offer to restart its extensions; reload the window instead."));
    }
    // The answer has to be out before the server ends with us.
    setTimeout(() => void api.executeCommand(restartExtensions), restartAfterMillis);
  },
  showDiff: ({ uri = "", text = "", title = "", new: isNew = false }) => api.showDiff(uri, text, title, isNew),
  addFolder: ({ uri = "" }) => {
    if (!api.addWorkspaceFolder(uri)) {
      throw new Error(api.t("The editor did not add the folder to the workspace."));
    }
  },
  save: async ({ uri = "" }) => {
    if (!(await api.saveDocument(uri))) {
      throw new Error(api.t("The editor could not save the file."));
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
    return { ok: false, error: api.t('This version of the extension does not know the action "{0}".', action.kind) };
  }
  if (!api.isTrusted()) {
    return { ok: false, error: api.t("The workspace is not trusted.") };
  }
  try {
    await handler(action);
    return { ok: true };
  } catch (error) {
    return { ok: false, error: messageOf(error) };
  }
}

/** The workspace folders of these URIs, as the editor has told gopls of them. */
function openFolders(uris: string[]): api.WorkspaceFolder[] {
  const open = api.workspaceFolders();
  return uris.map((uri) => {
    const folder = open.find(({ path }) => path === api.pathOf(uri));
    if (folder === undefined) {
      throw new Error(api.t("{0} is no folder of this workspace.", api.pathOf(uri)));
    }
    return folder;
  });
}

/** A cure has no business with variables that are not about Go. */
function onlyKept(names: string[]): void {
  const foreign = names.filter((name) => !isKept(name));
  if (foreign.length > 0) {
    throw new Error(api.t("Go Phantom does not change {0}.", foreign.join(", ")));
  }
}
