/**
 * The stand-in for src/vscodeApi.ts: what an editor would answer is a field of
 * `editor`, and what the extension did to the editor is recorded there.
 */
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as real from "../../src/vscodeApi";

export type Log = real.Log;
export type Disposable = real.Disposable;
export type Event<T> = real.Event<T>;
export type InspectedSetting = real.InspectedSetting;
export type Diagnostic = real.Diagnostic;
export type StatusItemLook = real.StatusItemLook;
export type LanguageStatusLook = real.LanguageStatusLook;
export type Look<T> = real.Look<T>;
export type PickItem = real.PickItem;
export type TreeItemLook = real.TreeItemLook;
export type TreeNodes<T> = real.TreeNodes<T>;
export type TreeView<T> = real.TreeView<T>;
export type Panel = real.Panel;
export type WorkspaceFolder = real.WorkspaceFolder;

interface FakeExtension {
  packageJSON: unknown;
  isActive: boolean;
  exports: unknown;
  activate(): Promise<unknown>;
}

class Listeners<T = void> {
  private readonly all = new Set<(value: T) => void>();

  add(listener: (value: T) => void): Disposable {
    this.all.add(listener);
    return { dispose: () => void this.all.delete(listener) };
  }

  fire(value: T): void {
    for (const listener of [...this.all]) {
      listener(value);
    }
  }

  get size(): number {
    return this.all.size;
  }
}

function freshEditor() {
  return {
    folders: [] as string[],
    codeWorkspace: undefined as string | undefined,
    bundle: {} as { [english: string]: string },
    trusted: true,
    remote: "",
    web: false,
    focused: true,
    settings: {} as { [key: string]: unknown },
    /** By key, or by "folder:key". */
    inspected: {} as { [key: string]: InspectedSetting },
    diagnostics: [] as [string, Diagnostic[]][],
    here: [] as Diagnostic[],
    dirty: [] as string[],
    versions: {} as { [file: string]: number },
    extensions: {} as { [id: string]: FakeExtension },
    commands: {} as { [id: string]: (...args: unknown[]) => unknown },
    /** Whether adding a workspace folder works, and what was added. */
    adds: true,
    added: [] as string[],
    /** Whether saving works. */
    saves: true,
    /** The answer to the next notification, question or quick pick. */
    answer: undefined as string | undefined,

    contexts: {} as { [key: string]: boolean },
    statusItem: undefined as StatusItemLook | undefined,
    languageStatus: undefined as LanguageStatusLook | undefined,
    flashes: [] as string[],
    warnings: [] as { message: string; buttons: string[] }[],
    told: [] as string[],
    questions: [] as { title: string; detail: string; answers: string[] }[],
    picks: [] as { labels: string[]; placeHolder: string }[],
    progress: [] as string[],
    stopped: false,
    documents: {} as { [name: string]: string },
    saved: [] as string[],
    /** The answer to the next question for a line of text. */
    typed: undefined as string | undefined,
    clipboard: "",
    opened: [] as string[],
    diffs: [] as { uri: string; text: string; title: string; isNew: boolean }[],
    beside: [] as { title: string; answers: string[] }[],
    tree: {
      nodes: undefined as TreeNodes<unknown> | undefined,
      visible: false,
      visibility: new Listeners(),
      selection: undefined as unknown,
      message: undefined as string | undefined,
      changes: 0,
      revealed: [] as unknown[],
    },
    /** The file of the active editor. */
    activeFile: undefined as string | undefined,
    panels: [] as FakePanel[],
    /** What the editor does with the panels that it opens again, by type. */
    restorers: {} as { [viewType: string]: (panel: real.Panel) => Promise<void> },
    written: [] as { name: string; text: string }[],
    telemetry: true,
    telemetryChanged: new Listeners(),
    changed: new Listeners(),
    stirred: new Listeners(),
    granted: new Listeners(),
    settingChanged: new Listeners<string>(),
  };
}

/** The editor of the running test. */
export let editor = freshEditor();

/** Starts a test with a new editor. */
export function resetEditor(): void {
  editor = freshEditor();
}

/** A log that keeps its lines. */
export function fakeLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  const log = { lines, info: at("info"), warn: at("warn"), error: at("error"), debug: at("debug"), show() {} };
  return log as unknown as Log & { lines: string[] };
}

export const createLog: typeof real.createLog = () => fakeLog();

export const createEmitter: typeof real.createEmitter = <T>() => {
  const listeners = new Listeners<T>();
  return {
    event: ((listener: (value: T) => void) => listeners.add(listener)) as Event<T>,
    fire: (value: T) => listeners.fire(value),
    dispose() {},
  };
};

export const folders: typeof real.folders = () => editor.folders;
export const workspaceFolders: typeof real.workspaceFolders = () =>
  editor.folders.map((path) => ({ uri: pathToFileURL(path).href, name: `name of ${path}`, path }));
export const addWorkspaceFolder: typeof real.addWorkspaceFolder = (uri) => {
  editor.added.push(uri);
  return editor.adds;
};
export const codeWorkspace: typeof real.codeWorkspace = () => editor.codeWorkspace;
export const isTrusted: typeof real.isTrusted = () => editor.trusted;
export const onDidGrantTrust: typeof real.onDidGrantTrust = (listener) => editor.granted.add(listener);
export const remoteName: typeof real.remoteName = () => editor.remote;
export const isWeb: typeof real.isWeb = () => editor.web;
export const isTelemetryOn: typeof real.isTelemetryOn = () => editor.telemetry;
export const onDidChangeTelemetry: typeof real.onDidChangeTelemetry = (listener) =>
  editor.telemetryChanged.add(listener);
export const isFocused: typeof real.isFocused = () => editor.focused;
export const pathOf: typeof real.pathOf = (uri) => (uri.startsWith("file:") ? fileURLToPath(uri) : uri);
export const uriOf: typeof real.uriOf = (file) => pathToFileURL(file).href;
export const appName: typeof real.appName = () => "Test Editor";

export const setting: typeof real.setting = <T>(key: string, fallback: T) => (editor.settings[key] ?? fallback) as T;
export const inspectSetting: typeof real.inspectSetting = (key, folder) =>
  editor.inspected[folder === undefined ? key : `${folder}:${key}`] ?? {};
export const onDidChangeSetting: typeof real.onDidChangeSetting = (key, listener) =>
  editor.settingChanged.add((changed) => {
    if (changed === key) {
      listener();
    }
  });

export const diagnostics: typeof real.diagnostics = () => editor.diagnostics;
export const problemsInView: typeof real.problemsInView = () => ({
  here: editor.here,
  everywhere: editor.diagnostics.flatMap(([, items]) => items),
});
export const documentVersion: typeof real.documentVersion = (file) => editor.versions[file] ?? null;
export const dirtyFiles: typeof real.dirtyFiles = () => editor.dirty;
export const saveDocument: typeof real.saveDocument = async (uri) => {
  editor.saved.push(uri);
  return editor.saves;
};
export const onDidChangeEditor: typeof real.onDidChangeEditor = (listener) => editor.changed.add(listener);

export const onDidStirExtensions: typeof real.onDidStirExtensions = (listener) => editor.stirred.add(listener);

export const extension: typeof real.extension = (id) => editor.extensions[id] as ReturnType<typeof real.extension>;
export const commandExists: typeof real.commandExists = async (id) => id in editor.commands;
export const executeCommand: typeof real.executeCommand = async (id, ...args) => {
  const command = editor.commands[id];
  if (command === undefined) {
    throw new Error(`command '${id}' not found`);
  }
  return command(...args);
};
export const registerCommand: typeof real.registerCommand = (id, handler) => {
  if (id in editor.commands) {
    throw new Error(`command '${id}' already exists`);
  }
  editor.commands[id] = handler;
  return { dispose: () => void delete editor.commands[id] };
};
export const setContext: typeof real.setContext = (key, value) => {
  editor.contexts[key] = value;
};

export const createStatusItem: typeof real.createStatusItem = () => ({
  show(look) {
    editor.statusItem = look;
  },
  dispose() {
    editor.statusItem = undefined;
  },
});
export const createLanguageStatus: typeof real.createLanguageStatus = () => ({
  show(look) {
    editor.languageStatus = look;
  },
  dispose() {
    editor.languageStatus = undefined;
  },
});
export const withProgress: typeof real.withProgress = (title, task) => {
  editor.progress.push(title);
  return task((message) => void editor.progress.push(message));
};
export const withStoppableProgress: typeof real.withStoppableProgress = async (title, task) => {
  editor.progress.push(title);
  const stop = { isCancellationRequested: editor.stopped, onCancellationRequested: () => ({ dispose() {} }) };
  try {
    return await task((message) => void editor.progress.push(message), stop);
  } catch (error) {
    if (stop.isCancellationRequested) {
      return undefined;
    }
    throw error;
  }
};
/** As the editor does without a bundle, or with `editor.bundle`. */
export const t: typeof real.t = (message, ...args) =>
  (editor.bundle[message] ?? message).replace(/\{(\d+)\}/g, (hole, i) => String(args[Number(i)] ?? hole));
export const language: typeof real.language = () => (Object.keys(editor.bundle).length === 0 ? "en" : "zh-cn");
export const flash: typeof real.flash = (text) => void editor.flashes.push(text);
export const warn: typeof real.warn = async (message, ...buttons) => {
  editor.warnings.push({ message, buttons });
  return takeAnswer();
};
export const inform: typeof real.inform = (message) => void editor.told.push(message);
export const ask: typeof real.ask = async (title, detail, answers) => {
  editor.questions.push({ title, detail, answers });
  return takeAnswer();
};
export const pick: typeof real.pick = async (items, placeHolder) => {
  editor.picks.push({ labels: items.map(({ label }) => label), placeHolder });
  const answer = takeAnswer();
  return items.find(({ label }) => label === answer);
};
export const openDocuments: typeof real.openDocuments = () => [];
export const askBeside: typeof real.askBeside = async (title, answers) => {
  editor.beside.push({ title, answers });
  return takeAnswer();
};
export const input: typeof real.input = async () => editor.typed;
export const copy: typeof real.copy = async (text) => {
  editor.clipboard = text;
};
export const openAt: typeof real.openAt = async (uri, line) => void editor.opened.push(`${uri}:${line}`);
export const showDiff: typeof real.showDiff = async (uri, text, title, isNew) =>
  void editor.diffs.push({ uri, text, title, isNew });
export const createTreeView: typeof real.createTreeView = <T>(_id: string, nodes: real.TreeNodes<T>) => {
  const { tree } = editor;
  tree.nodes = nodes as TreeNodes<unknown>;
  return {
    changed: () => void tree.changes++,
    visible: () => tree.visible,
    onDidChangeVisibility: (listener: () => void) => tree.visibility.add(listener),
    selection: () => tree.selection as T | undefined,
    reveal: async (node: T) => void tree.revealed.push(node),
    setMessage: (text: string | undefined) => {
      tree.message = text;
    },
    dispose() {
      tree.nodes = undefined;
    },
  };
};
export const createMarkdownDocuments: typeof real.createMarkdownDocuments = () => ({
  async show(name, text) {
    editor.documents[name] = text;
  },
  dispose() {},
});

/** A panel that keeps what it was told. */
export class FakePanel implements real.Panel {
  readonly pages: string[] = [];
  readonly posted: unknown[] = [];
  reveals = 0;
  private readonly messages = new Listeners<unknown>();
  private readonly disposals = new Listeners();

  setPage(html: string): void {
    this.pages.push(html);
  }
  reveal(): void {
    this.reveals++;
  }
  post(message: unknown): void {
    this.posted.push(message);
  }
  onMessage(listener: (message: unknown) => void): void {
    this.messages.add(listener);
  }
  onDidDispose(listener: () => void): void {
    this.disposals.add(listener);
  }
  dispose(): void {
    this.disposals.fire();
  }
  /** Says something as the page does. */
  say(message: unknown): void {
    this.messages.fire(message);
  }
}

export const createPanel: typeof real.createPanel = () => {
  const panel = new FakePanel();
  editor.panels.push(panel);
  return panel;
};
export const onDidRestorePanel: typeof real.onDidRestorePanel = (viewType, listener) => {
  editor.restorers[viewType] = listener;
  return { dispose: () => void delete editor.restorers[viewType] };
};
export const saveAs: typeof real.saveAs = async (name, text) => {
  const answer = takeAnswer();
  if (answer !== undefined) {
    editor.written.push({ name, text });
  }
  return answer;
};
export const activeFile: typeof real.activeFile = () => editor.activeFile;

function takeAnswer(): string | undefined {
  const { answer } = editor;
  editor.answer = undefined;
  return answer;
}
