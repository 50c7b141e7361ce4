// Takes the place of @vscode/spdlog, a native module that would need a compiler. Without it the browser-served VS Code keeps no log
// files, and log output channels stay empty. Only named exports: VS Code imports this file as an ES module.

const fs = require("node:fs");
const path = require("node:path");

const levels = ["trace", "debug", "info", "warning", "error", "critical"];
let initialLevel = levels.indexOf("info");

class Logger {
  #file;
  #level = initialLevel;
  #formatted = true;

  constructor(_kind, _name, file) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.appendFileSync(file, "");
    this.#file = file;
  }

  trace(text) {
    this.#write(0, text);
  }
  debug(text) {
    this.#write(1, text);
  }
  info(text) {
    this.#write(2, text);
  }
  warn(text) {
    this.#write(3, text);
  }
  error(text) {
    this.#write(4, text);
  }
  critical(text) {
    this.#write(5, text);
  }
  getLevel() {
    return this.#level;
  }
  setLevel(level) {
    this.#level = level;
  }
  setPattern() {}
  clearFormatters() {
    this.#formatted = false;
  }
  flush() {}
  drop() {}

  #write(level, text) {
    if (level < this.#level) {
      return;
    }
    const time = new Date().toISOString().replace("T", " ").replace("Z", "");
    fs.appendFileSync(this.#file, this.#formatted ? `${time} [${levels[level]}] ${text}\n` : text);
  }
}

const create = async (name, file) => new Logger("rotating", name, file);

exports.version = 0;
exports.Logger = Logger;
exports.setLevel = (level) => {
  initialLevel = level;
};
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
