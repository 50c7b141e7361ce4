/**
 * Thin wrappers over the `vscode` module: the only file of the extension that
 * imports it at run time, and so the one that unit tests replace. Nothing here
 * decides anything.
 */
import * as vscode from "vscode";

export type Log = vscode.LogOutputChannel;
export type Disposable = vscode.Disposable;
/** Tells that the user stopped something. */
export type Stop = vscode.CancellationToken;
export type Event<T> = vscode.Event<T>;

/** What one scope each says about a setting; absent: nothing. */
export interface InspectedSetting {
  user?: unknown;
  workspace?: unknown;
  folder?: unknown;
}

/** One diagnostic of a document, as the editor holds it. */
export type Diagnostic = Pick<vscode.Diagnostic, "range" | "severity" | "source" | "code" | "message">;

export interface StatusItemLook {
  text: string;
  /** Markdown. */
  tooltip: string;
  /** The commands that links of the tooltip may run. */
  tooltipCommands: readonly string[];
  accessibilityLabel: string;
  background: "none" | "warning" | "error";
  visible: boolean;
}

export interface LanguageStatusLook {
  text: string;
  detail: string;
  severity: "information" | "warning" | "error";
  busy: boolean;
}

export interface Look<T> extends Disposable {
  show(look: T): void;
}

export interface PickItem {
  label: string;
  detail?: string;
}

/** How one line of a tree looks. */
export interface TreeItemLook {
  /** Unique in the tree, and the same for the same thing later. */
  id: string;
  /** Plain text, as all that follows. */
  label: string;
  description: string;
  tooltip: string;
  /** A codicon. */
  icon: string;
  /** A colour of the theme, for the icon. */
  color?: string;
  accessibilityLabel: string;
  state: "leaf" | "collapsed" | "expanded";
  /** For the when clauses of package.json. */
  context: string;
  command?: { id: string; title: string; argument: unknown };
}

/** What a tree view asks for. */
export interface TreeNodes<T> {
  /** Without a node: the roots. */
  children(node?: T): T[];
  parent(node: T): T | undefined;
  look(node: T): TreeItemLook;
}

export interface TreeView<T> extends Disposable {
  /** Tells that the nodes are others now. */
  changed(): void;
  visible(): boolean;
  onDidChangeVisibility(listener: () => void): Disposable;
  /** The node that is selected. */
  selection(): T | undefined;
  /** Shows, opens and focuses a node. */
  reveal(node: T): Promise<void>;
  /** Text above the nodes. */
  setMessage(text: string | undefined): void;
}

/**
 * A text in the language of the editor: `{0}` and so on stand for arguments. The
 * English text is the key of l10n/bundle.l10n.*.json.
 */
export function t(message: string, ...args: (string | number)[]): string {
  return vscode.l10n.t(message, ...args);
}

/** The language that `t` answers in: English where there is no translation. */
export function language(): string {
  return vscode.l10n.bundle === undefined ? "en" : vscode.env.language;
}

export function createLog(name: string): Log {
  return vscode.window.createOutputChannel(name, { log: true });
}

export function createEmitter<T>(): { event: Event<T>; fire(value: T): void; dispose(): void } {
  return new vscode.EventEmitter<T>();
}

// The workspace.

/** Absolute paths of the workspace folders that are on a disk. */
export function folders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((f) => f.uri.scheme === "file").map((f) => f.uri.fsPath);
}

/** A workspace folder, as the editor tells language servers of it. */
export interface WorkspaceFolder {
  uri: string;
  name: string;
  /** Absolute. */
  path: string;
}

/** The workspace folders that are on a disk. */
export function workspaceFolders(): WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === "file")
    .map(({ uri, name }) => ({ uri: uri.toString(), name, path: uri.fsPath }));
}

/** Adds a folder behind the others. False if the editor does not. */
export function addWorkspaceFolder(uri: string): boolean {
  const count = vscode.workspace.workspaceFolders?.length ?? 0;
  return vscode.workspace.updateWorkspaceFolders(count, 0, { uri: vscode.Uri.parse(uri, true) });
}

/** Whether the window shows a .code-workspace, and its absolute path ("" if it was never saved). */
export function codeWorkspace(): string | undefined {
  const uri = vscode.workspace.workspaceFile;
  return uri === undefined || uri.scheme === "file" ? uri?.fsPath : "";
}

/** The path that a file URI names; anything else comes back as it is. */
export function pathOf(uri: string): string {
  return uri.startsWith("file:") ? vscode.Uri.parse(uri).fsPath : uri;
}

/** The reverse of pathOf. */
export function uriOf(file: string): string {
  return vscode.Uri.file(file).toString();
}

export function isTrusted(): boolean {
  return vscode.workspace.isTrusted;
}

export function onDidGrantTrust(listener: () => void): Disposable {
  return vscode.workspace.onDidGrantWorkspaceTrust(listener);
}

/** "" if local. */
export function remoteName(): string {
  return vscode.env.remoteName ?? "";
}

/** Whether the window is a browser's. */
export function isWeb(): boolean {
  return vscode.env.uiKind === vscode.UIKind.Web;
}

export function isFocused(): boolean {
  return vscode.window.state.focused;
}

/** Whether the user lets extensions send telemetry. */
export function isTelemetryOn(): boolean {
  return vscode.env.isTelemetryEnabled;
}

export function onDidChangeTelemetry(listener: () => void): Disposable {
  return vscode.env.onDidChangeTelemetryEnabled(listener);
}

export function appName(): string {
  return vscode.env.appName;
}

// Settings.

/** The effective value of a setting. */
export function setting<T>(key: string, fallback: T): T {
  return vscode.workspace.getConfiguration().get<T>(key, fallback);
}

/** What each scope says about a setting. folder: absolute path of a workspace folder. */
export function inspectSetting(key: string, folder?: string): InspectedSetting {
  const resource = folder === undefined ? undefined : vscode.Uri.file(folder);
  const found = vscode.workspace.getConfiguration(undefined, resource).inspect(key);
  return { user: found?.globalValue, workspace: found?.workspaceValue, folder: found?.workspaceFolderValue };
}

export function onDidChangeSetting(key: string, listener: () => void): Disposable {
  return vscode.workspace.onDidChangeConfiguration((e) => {
    if (e.affectsConfiguration(key)) {
      listener();
    }
  });
}

// Documents and their problems.

/** Every document on a disk that has problems, by absolute path. */
export function diagnostics(): [file: string, items: Diagnostic[]][] {
  return vscode.languages
    .getDiagnostics()
    .filter(([uri]) => uri.scheme === "file")
    .map(([uri, items]) => [uri.fsPath, items]);
}

/** The problems on the line of the cursor, and those of the whole window. */
export function problemsInView(): { here: Diagnostic[]; everywhere: Diagnostic[] } {
  const everywhere = vscode.languages.getDiagnostics().flatMap(([, items]) => items);
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    return { here: [], everywhere };
  }
  const line = editor.selection.active.line;
  const here = vscode.languages
    .getDiagnostics(editor.document.uri)
    .filter((d) => d.range.start.line <= line && line <= d.range.end.line);
  return { here, everywhere };
}

export function openDocuments(): readonly vscode.TextDocument[] {
  return vscode.workspace.textDocuments;
}

/** Absolute paths of the documents with unsaved changes. */
export function dirtyFiles(): string[] {
  return vscode.workspace.textDocuments.filter((d) => d.isDirty && d.uri.scheme === "file").map((d) => d.uri.fsPath);
}

/** The version of an open document; null if it is not open. */
export function documentVersion(file: string): number | null {
  return vscode.workspace.textDocuments.find((d) => d.uri.scheme === "file" && d.uri.fsPath === file)?.version ?? null;
}

/** How long a save that somebody else began may take, in milliseconds. */
const othersSaveMillis = 5000;

/** Saves the document if it is open and dirty. False if that failed. */
export async function saveDocument(uri: string): Promise<boolean> {
  const wanted = vscode.Uri.parse(uri, true).toString();
  const document = vscode.workspace.textDocuments.find((d) => d.uri.toString() === wanted);
  if (document === undefined || !document.isDirty || (await document.save()) || !document.isDirty) {
    return true;
  }
  // While auto save is at it, the editor refuses another save.
  return new Promise((resolve) => {
    const late = setTimeout(() => settle(!document.isDirty), othersSaveMillis);
    const listener = vscode.workspace.onDidSaveTextDocument((saved) => {
      if (saved === document) {
        settle(true);
      }
    });
    const settle = (saved: boolean) => {
      clearTimeout(late);
      listener.dispose();
      resolve(saved);
    };
  });
}

/** Everything in the editor that announces its changes and that the server is told of. */
export function onDidChangeEditor(listener: () => void): Disposable {
  const on = () => listener();
  return vscode.Disposable.from(
    vscode.languages.onDidChangeDiagnostics(on),
    vscode.workspace.onDidChangeTextDocument(on),
    vscode.workspace.onDidSaveTextDocument(on),
    vscode.workspace.onDidCloseTextDocument(on),
    vscode.window.onDidChangeWindowState(on),
  );
}

/**
 * What may make another extension start, stop or change its mind, which it
 * does later and without a word.
 */
export function onDidStirExtensions(listener: () => void): Disposable {
  const on = () => listener();
  return vscode.Disposable.from(
    vscode.extensions.onDidChange(on),
    vscode.workspace.onDidChangeConfiguration(on),
    vscode.workspace.onDidChangeWorkspaceFolders(on),
    vscode.workspace.onDidGrantWorkspaceTrust(on),
    vscode.workspace.onDidOpenTextDocument((document) => {
      if (document.languageId.startsWith("go")) {
        listener();
      }
    }),
    vscode.window.onDidChangeWindowState(({ focused }) => {
      if (focused) {
        listener();
      }
    }),
  );
}

// Other extensions and commands.

export function extension(id: string): vscode.Extension<unknown> | undefined {
  return vscode.extensions.getExtension(id);
}

export async function commandExists(id: string): Promise<boolean> {
  return (await vscode.commands.getCommands(true)).includes(id);
}

export async function executeCommand(id: string, ...args: unknown[]): Promise<unknown> {
  return vscode.commands.executeCommand(id, ...args);
}

export function registerCommand(id: string, handler: (...args: unknown[]) => unknown): Disposable {
  return vscode.commands.registerCommand(id, handler);
}

/** Sets a key for the when clauses of package.json. */
export function setContext(key: string, value: boolean): void {
  void vscode.commands.executeCommand("setContext", key, value);
}

// What people see.

export function createStatusItem(id: string, name: string, command: string): Look<StatusItemLook> {
  const item = vscode.window.createStatusBarItem(id, vscode.StatusBarAlignment.Right);
  item.name = name;
  item.command = command;
  return {
    show(look) {
      const tooltip = new vscode.MarkdownString(look.tooltip);
      tooltip.isTrusted = { enabledCommands: look.tooltipCommands };
      item.text = look.text;
      item.tooltip = tooltip;
      item.accessibilityInformation = { label: look.accessibilityLabel, role: "button" };
      item.backgroundColor =
        look.background === "none" ? undefined : new vscode.ThemeColor(`statusBarItem.${look.background}Background`);
      if (look.visible) {
        item.show();
      } else {
        item.hide();
      }
    },
    dispose: () => item.dispose(),
  };
}

export function createLanguageStatus(
  id: string,
  name: string,
  selector: vscode.DocumentSelector,
  command: vscode.Command,
): Look<LanguageStatusLook> {
  const item = vscode.languages.createLanguageStatusItem(id, selector);
  item.name = name;
  item.command = command;
  const severities = {
    information: vscode.LanguageStatusSeverity.Information,
    warning: vscode.LanguageStatusSeverity.Warning,
    error: vscode.LanguageStatusSeverity.Error,
  };
  return {
    show(look) {
      item.text = look.text;
      item.detail = look.detail;
      item.severity = severities[look.severity];
      item.busy = look.busy;
    },
    dispose: () => item.dispose(),
  };
}

/** Runs task while the status bar says what is going on. */
export async function withProgress<T>(
  title: string,
  task: (report: (message: string) => void) => Promise<T>,
): Promise<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, (progress) =>
    task((message) => progress.report({ message })),
  );
}

/** Shows a notification with a button that stops the task; a stopped task resolves with undefined. */
export async function withStoppableProgress<T>(
  title: string,
  task: (report: (message: string) => void, stop: Stop) => Promise<T>,
): Promise<T | undefined> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, stop) => {
    try {
      return await task((message) => progress.report({ message }), stop);
    } catch (error) {
      if (stop.isCancellationRequested) {
        return undefined;
      }
      throw error;
    }
  });
}

/** Shows a sentence in the status bar for some seconds. */
export function flash(text: string): void {
  vscode.window.setStatusBarMessage(text, 8000);
}

/** Shows a notification; resolves with the button pressed. */
export async function warn(message: string, ...buttons: string[]): Promise<string | undefined> {
  return vscode.window.showWarningMessage(message, ...buttons);
}

/** Shows a notification that only tells. */
export function inform(message: string): void {
  void vscode.window.showInformationMessage(message);
}

/**
 * Shows a modal dialog, whose detail keeps its lines; resolves with the answer
 * taken, undefined if it was dismissed.
 */
export async function ask(title: string, detail: string, answers: string[]): Promise<string | undefined> {
  const items = answers.map((answer) => ({ title: answer, isCloseAffordance: answer === t("Cancel") }));
  return (await vscode.window.showInformationMessage(title, { modal: true, detail }, ...items))?.title;
}

export async function pick<T extends PickItem>(items: T[], placeHolder: string): Promise<T | undefined> {
  return vscode.window.showQuickPick(items, { placeHolder });
}

/** Asks in a notification, for what is asked about stands in an editor; resolves as ask does. */
export async function askBeside(title: string, answers: string[]): Promise<string | undefined> {
  return vscode.window.showInformationMessage(title, ...answers);
}

/** Asks for a line of text; undefined if it was dismissed. */
export async function input(title: string, placeHolder: string, value: string): Promise<string | undefined> {
  return vscode.window.showInputBox({ title, placeHolder, value });
}

export async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
}

/** Opens a document at a line, counted from 0. */
export async function openAt(uri: string, line: number): Promise<void> {
  const at = new vscode.Position(line, 0);
  // Not in the place of what it was opened from: a report, say.
  const viewColumn = vscode.window.activeTextEditor?.viewColumn ?? vscode.ViewColumn.One;
  await vscode.window.showTextDocument(vscode.Uri.parse(uri, true), {
    viewColumn,
    selection: new vscode.Range(at, at),
  });
}

const diffScheme = "gophantom-diff";
let diffTexts: Map<string, string> | undefined;

/** Shows a document beside the text that it would have; isNew: there is no such document yet. */
export async function showDiff(uri: string, text: string, title: string, isNew: boolean): Promise<void> {
  if (diffTexts === undefined) {
    const texts = new Map<string, string>();
    vscode.workspace.registerTextDocumentContentProvider(diffScheme, {
      provideTextDocumentContent: (asked) => texts.get(asked.toString()) ?? "",
    });
    diffTexts = texts;
  }
  const before = vscode.Uri.parse(uri, true);
  const side = (query: string) => vscode.Uri.from({ scheme: diffScheme, path: before.path, query });
  // A number, for the editor keeps the text of a document that it has shown.
  const after = side(`after-${diffTexts.size + 1}`);
  diffTexts.set(after.toString(), text);
  await vscode.commands.executeCommand("vscode.diff", isNew ? side("nothing") : before, after, title);
}

export function createTreeView<T>(id: string, nodes: TreeNodes<T>): TreeView<T> {
  const changed = new vscode.EventEmitter<undefined>();
  const view = vscode.window.createTreeView<T>(id, {
    showCollapseAll: true,
    treeDataProvider: {
      onDidChangeTreeData: changed.event,
      getChildren: (node) => nodes.children(node),
      getParent: (node) => nodes.parent(node),
      getTreeItem: (node) => {
        const look = nodes.look(node);
        const states = {
          leaf: vscode.TreeItemCollapsibleState.None,
          collapsed: vscode.TreeItemCollapsibleState.Collapsed,
          expanded: vscode.TreeItemCollapsibleState.Expanded,
        };
        const item = new vscode.TreeItem(look.label, states[look.state]);
        item.id = look.id;
        item.description = look.description;
        item.tooltip = look.tooltip;
        item.iconPath = new vscode.ThemeIcon(
          look.icon,
          look.color === undefined ? undefined : new vscode.ThemeColor(look.color),
        );
        item.accessibilityInformation = { label: look.accessibilityLabel };
        item.contextValue = look.context;
        if (look.command !== undefined) {
          const { id: command, title, argument } = look.command;
          item.command = { command, title, arguments: [argument] };
        }
        return item;
      },
    },
  });
  return {
    changed: () => changed.fire(undefined),
    visible: () => view.visible,
    onDidChangeVisibility: (listener) => view.onDidChangeVisibility(() => listener()),
    selection: () => view.selection[0],
    reveal: async (node) => {
      await view.reveal(node, { select: true, focus: true, expand: true });
    },
    setMessage(text) {
      if (text === undefined) {
        delete view.message;
      } else {
        view.message = text;
      }
    },
    dispose() {
      view.dispose();
      changed.dispose();
    },
  };
}

/** A panel with a page of HTML. */
export interface Panel extends Disposable {
  setPage(html: string): void;
  reveal(): void;
  /** Tells the page something. */
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onDidDispose(listener: () => void): void;
}

export function createPanel(viewType: string, title: string): Panel {
  const column = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
  return panelOf(vscode.window.createWebviewPanel(viewType, title, column, { enableFindWidget: true }));
}

/** Takes over the panels of this type that the editor opens again when it starts. */
export function onDidRestorePanel(viewType: string, listener: (panel: Panel) => Promise<void>): Disposable {
  return vscode.window.registerWebviewPanelSerializer(viewType, {
    deserializeWebviewPanel: (panel) => listener(panelOf(panel)),
  });
}

function panelOf(panel: vscode.WebviewPanel): Panel {
  // A page may run its script and reach no file: what it shows is in it.
  panel.webview.options = { enableScripts: true, localResourceRoots: [] };
  return {
    setPage(html) {
      panel.webview.html = html;
    },
    reveal: () => panel.reveal(),
    post: (message) => void panel.webview.postMessage(message),
    onMessage: (listener) => void panel.webview.onDidReceiveMessage(listener),
    onDidDispose: (listener) => void panel.onDidDispose(listener),
    dispose: () => panel.dispose(),
  };
}

/** Asks where to save a text, and saves it; resolves with the path, undefined if it was dismissed. */
export async function saveAs(name: string, text: string): Promise<string | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters: { HTML: ["html"] },
  });
  if (uri !== undefined) {
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  }
  return uri?.fsPath;
}

/** The file of the active text editor. */
export function activeFile(): string | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri?.scheme === "file" ? uri.toString() : undefined;
}

/** Offers virtual Markdown documents: `show` renders one in the Markdown preview. */
export function createMarkdownDocuments(
  scheme: string,
): Disposable & { show(name: string, text: string): Promise<void> } {
  const texts = new Map<string, string>();
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => texts.get(uri.path),
  });
  return {
    async show(name, text) {
      const uri = vscode.Uri.from({ scheme, path: `/${name}.md` });
      texts.set(uri.path, text);
      changed.fire(uri);
      try {
        await vscode.commands.executeCommand("markdown.showPreview", uri);
      } catch {
        await vscode.window.showTextDocument(uri); // the built-in Markdown extension may be off
      }
    },
    dispose() {
      provider.dispose();
      changed.dispose();
    },
  };
}
