--- Go Phantom for Neovim, 0.7 and later, without a plugin manager. Put this file into the directory "lua" of your configuration
--- (~/.config/nvim/lua/gophantom.lua) and call
---
---     require('gophantom').setup()
---
--- before gopls starts. It starts `gophantom lsp` beside the gopls that you have configured, tells it what that gopls shows, and does the parts
--- of a cure that only the editor can do. It starts no gopls and changes none of its settings. docs/editors.md says what there is to use.

local M = {}

--- The newest status, as docs/protocol.md has it; nil before the first. Each one fires the autocommand "User GoPhantomStatus".
M.status = nil

local defaults = {
  cmd = { 'gophantom', 'lsp' },
  --- Tells whether a client of vim.lsp is gopls.
  is_gopls = function(client)
    local cmd = client.config.cmd
    local program = type(cmd) == 'table' and vim.fn.fnamemodify(cmd[1], ':t') or ''
    return client.name == 'gopls' or program:match('^gopls') ~= nil
  end,
  --- What marks the folder to look at while no gopls tells its own.
  root_markers = { 'go.work', 'go.mod', '.git' },
}
local config = defaults

local debounce_ms = 200
local stop_ms = 5000 -- until a gopls that was asked to end is made to
local start_ms = 20000
local reload_ms = 120000
--- When to look for what nobody announces, after something that may bring it about.
local pauses_ms = { 250, 500, 1000, 2000, 4000, 8000 }

local id -- of our client
local roots = {} -- folders of Go files, in the order in which they were opened
local published = {} -- by gopls' client and URI: the version of the document that the newest problems are about
local views -- what gopls.views answered; nil if it was not asked
local views_of -- the clients that were asked, as text
local focused = true
local sent, timer -- the newest picture; what sends the next one

-- Neovim's functions, across its releases.

local function clients()
  return (vim.lsp.get_clients or vim.lsp.get_active_clients)()
end

local function call(client, method, ...)
  if vim.fn.has('nvim-0.11') == 1 then
    return client[method](client, ...)
  end
  return client[method](...)
end

local function ours()
  return id and vim.lsp.get_client_by_id(id)
end

local function gopls_clients()
  return vim.tbl_filter(config.is_gopls, clients())
end

local function start_client(options)
  if vim.fn.has('nvim-0.11') == 1 then
    return vim.lsp.start(options, { attach = false, reuse_client = function() return false end })
  end
  return vim.lsp.start_client(options)
end

local function object(t)
  return next(t) and t or vim.empty_dict()
end

-- The picture of the editor: gophantom/editorFacts.

--- The allow-list of docs/protocol.md (model.Kept): no other variable leaves the editor.
local kept_names = {}
for name in ([[AR CC CXX FC GCCGO PKG_CONFIG PATH HOME USERPROFILE APPDATA LOCALAPPDATA SHELL TMPDIR
  HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY REQUEST_METHOD NETRC CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH
  LIBRARY_PATH LD_LIBRARY_PATH SDKROOT MACOSX_DEPLOYMENT_TARGET SSH_AUTH_SOCK
  DIRENV_DIR VSCODE_PID VSCODE_CWD]]):gmatch('%S+') do
  kept_names[name] = true
end

--- Tells whether a variable may leave the editor, and be changed.
function M.kept(name)
  local upper = name:upper()
  for _, prefix in ipairs({ 'GO', 'CGO_', 'GIT_', 'SSL_CERT_', 'XDG_', 'PKG_CONFIG_' }) do
    if vim.startswith(upper, prefix) then
      return not vim.startswith(upper, 'GOOGLE')
    end
  end
  return kept_names[upper] == true
end

local function kept_env(env)
  local out = {}
  for name, value in pairs(env) do
    if M.kept(name) then
      out[name] = value
    end
  end
  return object(out)
end

--- The UTF-16 position of a byte of a line, as LSP counts.
local function utf16(bufnr, lnum, col)
  local line
  if vim.api.nvim_buf_is_loaded(bufnr) then
    line = vim.api.nvim_buf_get_lines(bufnr, lnum, lnum + 1, false)[1]
  else
    local ok, lines = pcall(vim.fn.readfile, vim.api.nvim_buf_get_name(bufnr), '', lnum + 1)
    line = ok and lines[lnum + 1]
  end
  if not line then
    return col
  end
  local ok, _, units = pcall(vim.str_utfindex, line, math.min(col, #line))
  return ok and units or col
end

local function problem(d)
  local lsp = d.user_data and d.user_data.lsp or {}
  local end_lnum = d.end_lnum or d.lnum
  return {
    startLine = d.lnum,
    startChar = utf16(d.bufnr, d.lnum, d.col),
    endLine = end_lnum,
    endChar = utf16(d.bufnr, end_lnum, d.end_col or d.col),
    severity = d.severity,
    source = d.source or '',
    code = tostring(d.code or lsp.code or ''),
    message = d.message,
  }
end

--- What a client has published, and what Neovim has asked it for, where it does.
local function diagnostics_of(client)
  local namespace = vim.lsp.diagnostic.get_namespace
  local out = vim.diagnostic.get(nil, { namespace = namespace(client.id) })
  if vim.fn.has('nvim-0.10') == 1 then
    vim.list_extend(out, vim.diagnostic.get(nil, { namespace = namespace(client.id, true) }))
  end
  return out
end

--- What gopls shows, by file.
local function problems()
  local by_file = {}
  for _, client in ipairs(gopls_clients()) do
    for _, d in ipairs(diagnostics_of(client)) do
      local file = vim.api.nvim_buf_get_name(d.bufnr)
      if by_file[file] == nil then
        local versions = vim.lsp.util.buf_versions
        local at = (published[client.id] or {})[vim.uri_from_fname(file)]
        local version = vim.api.nvim_buf_is_loaded(d.bufnr) and versions and versions[d.bufnr] or vim.NIL
        by_file[file] = { file = file, items = {}, version = at and version or vim.NIL, published = at or vim.NIL }
      end
      table.insert(by_file[file].items, problem(d))
    end
  end
  local out = vim.tbl_values(by_file)
  table.sort(out, function(a, b) return a.file < b.file end)
  return out
end

local function dirty()
  local out = {}
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    local bo = vim.bo[bufnr]
    local name = vim.api.nvim_buf_get_name(bufnr)
    if vim.api.nvim_buf_is_loaded(bufnr) and bo.modified and bo.buftype == '' and name ~= '' then
      table.insert(out, name)
    end
  end
  table.sort(out)
  return out
end

local function folders()
  local out, seen = {}, {}
  local function add(dir)
    if not seen[dir] then
      seen[dir] = true
      table.insert(out, dir)
    end
  end
  for _, client in ipairs(gopls_clients()) do
    for _, folder in ipairs(client.workspace_folders or {}) do
      add(vim.uri_to_fname(folder.uri))
    end
  end
  if #out == 0 then
    vim.tbl_map(add, roots)
  end
  return out
end

--- The settings of gopls, of which the server reads build.env and build.buildFlags.
local function settings()
  local out = {}
  for _, client in ipairs(gopls_clients()) do
    local own = {}
    for name, value in pairs((client.config.settings or {}).gopls or {}) do
      local last = name:match('[^.]*$')
      if last == 'env' and type(value) == 'table' then
        own[name] = kept_env(value)
      elseif last == 'buildFlags' then
        own[name] = value
      elseif name == 'build' and type(value) == 'table' then -- nested, as some write it
        own['build.env'] = value.env and kept_env(value.env)
        own['build.buildFlags'] = value.buildFlags
      end
    end
    if next(own) then
      table.insert(out, { scope = 'user', file = '', folder = '', values = { gopls = own } })
    end
  end
  return out
end

function M.facts()
  return {
    trusted = true,
    env = kept_env(vim.fn.environ()),
    folders = folders(),
    settings = settings(),
    problems = problems(),
    dirty = dirty(),
    goExtension = vim.NIL,
    views = views,
    remote = '',
    web = false,
    focused = focused,
  }
end

local function send_now()
  local client = ours()
  if client then
    sent = M.facts()
    call(client, 'notify', 'gophantom/editorFacts', sent)
  end
end

local ask_views

--- The first change starts the clock and later ones do not move it: typing must not hold back the picture.
local function changed()
  if timer or not ours() then
    return
  end
  timer = vim.defer_fn(function()
    timer = nil
    ask_views()
    if ours() and not vim.deep_equal(sent, M.facts()) then
      send_now()
    end
  end, debounce_ms)
end

local stirred = 0
local function look_again()
  stirred = stirred + 1
  local mine = stirred
  local function after(i)
    if pauses_ms[i] then
      vim.defer_fn(function()
        if stirred == mine then
          changed()
          after(i + 1)
        end
      end, pauses_ms[i])
    end
  end
  after(1)
end

--- Asks each gopls for its views, once it has answered the greeting; again where again is true.
function ask_views(again)
  local ready = vim.tbl_filter(function(client)
    local can = (client.server_capabilities or {}).executeCommandProvider or {}
    return vim.tbl_contains(can.commands or {}, 'gopls.views')
  end, gopls_clients())
  local text = table.concat(vim.tbl_map(function(client) return client.id end, ready), ' ')
  if text == views_of and not again then
    return
  end
  views_of = text
  local all, answers = {}, 0
  for _, client in ipairs(ready) do
    call(client, 'request', 'workspace/executeCommand', { command = 'gopls.views', arguments = {} }, function(_, result)
      if views_of ~= text then
        return -- another gopls has come meanwhile
      end
      for _, v in ipairs(type(result) == 'table' and result or {}) do
        table.insert(all, { id = v.ID or '', type = v.Type or '', root = vim.uri_to_fname(v.Root), folder = vim.uri_to_fname(v.Folder) })
      end
      answers = answers + 1
      if answers == #ready then
        views = #all > 0 and all or nil
        changed()
      end
    end)
  end
  if #ready == 0 then
    views = nil
  end
end

-- What only the editor can do for a cure: gophantom/editorAction.

--- Refuses what a cure has no business with, and what would be without effect.
local function check_names(names)
  for _, name in ipairs(names) do
    if not M.kept(name) then
      error('Go Phantom does not change ' .. name .. '.', 0)
    end
    for _, client in ipairs(gopls_clients()) do
      if (client.config.cmd_env or {})[name] ~= nil then
        error('cmd_env in the configuration of gopls sets ' .. name .. ', which counts whatever the editor has; change it there.', 0)
      end
    end
  end
end

local function attached_buffers(client)
  return vim.tbl_filter(function(bufnr)
    return vim.lsp.buf_is_attached(bufnr, client.id)
  end, vim.api.nvim_list_bufs())
end

local function restart(client)
  local buffers, options = attached_buffers(client), client.config
  local gone = function() return vim.lsp.get_client_by_id(client.id) == nil end
  call(client, 'stop')
  if not vim.wait(stop_ms, gone, 20) then
    call(client, 'stop', true)
    if not vim.wait(stop_ms, gone, 20) then
      error('gopls does not end.', 0)
    end
  end
  published[client.id] = nil
  local new = start_client(options)
  if not new then
    error('gopls did not start; see :lua =vim.lsp.get_log_path()', 0)
  end
  for _, bufnr in ipairs(buffers) do
    vim.lsp.buf_attach_client(bufnr, new)
  end
  local ready = function()
    local now = vim.lsp.get_client_by_id(new)
    return now ~= nil and now.initialized == true
  end
  if not vim.wait(start_ms, ready, 20) then
    error(('gopls did not answer within %d seconds of its start.'):format(start_ms / 1000), 0)
  end
  -- What the old one published last may have come after Neovim forgot it.
  vim.diagnostic.reset(vim.lsp.diagnostic.get_namespace(client.id))
end

local function some_gopls()
  local found = gopls_clients()
  if #found == 0 then
    error('Neovim runs no gopls; open a Go file.', 0)
  end
  return found
end

local actions = {
  unsetEnv = function(action)
    check_names(action.names or {})
    for _, name in ipairs(action.names or {}) do
      vim.env[name] = nil
    end
  end,
  setEnv = function(action)
    check_names(vim.tbl_keys(action.values or {}))
    for name, value in pairs(action.values or {}) do
      vim.env[name] = value
    end
  end,
  restartGopls = function()
    vim.tbl_map(restart, some_gopls())
  end,
  --- The command gopls.lsp returns when the folder is loaded.
  reloadGopls = function(action)
    for _, client in ipairs(some_gopls()) do
      local can = (client.server_capabilities or {}).executeCommandProvider or {}
      if not vim.tbl_contains(can.commands or {}, 'gopls.lsp') then
        error('This gopls does not offer the command gopls.lsp, which gopls v0.21.0 is the first with.', 0)
      end
      for _, uri in ipairs(action.uris or {}) do
        local mine = vim.tbl_filter(function(folder) return folder.uri == uri end, client.workspace_folders or {})
        if #mine > 0 then
          local change = { event = { removed = mine, added = mine } }
          local done, failed = false, nil
          call(client, 'request', 'workspace/executeCommand', {
            command = 'gopls.lsp',
            arguments = { { method = 'workspace/didChangeWorkspaceFolders', param = change } },
          }, function(err)
            done, failed = true, err
          end)
          if not vim.wait(reload_ms, function() return done end, 20) then
            error(('gopls did not load %s within %d seconds.'):format(mine[1].name, reload_ms / 1000), 0)
          end
          if failed then
            error(failed.message or vim.inspect(failed), 0)
          end
        end
      end
    end
  end,
  save = function(action)
    local bufnr = vim.uri_to_bufnr(action.uri)
    vim.fn.bufload(bufnr)
    if vim.bo[bufnr].modified then
      vim.api.nvim_buf_call(bufnr, function() vim.cmd('silent write') end)
    end
  end,
}

--- Whatever fails is an answer with a sentence. The picture goes out before the answer.
local function editor_action(_, action)
  local run = actions[action.kind]
  if not run then
    return { ok = false, error = ('gophantom.lua does not know the action "%s".'):format(action.kind) }
  end
  local ok, err = pcall(run, action)
  send_now()
  look_again()
  return { ok = ok, error = not ok and tostring(err) or nil }
end

--- Asks before a file is edited, or something is done that cannot be taken back.
local function ask(_, params)
  local titles = vim.tbl_map(function(a) return a.title end, params.actions or {})
  local labels = vim.tbl_map(function(title) return '&' .. title end, titles)
  local choice = vim.fn.confirm(params.message, table.concat(labels, '\n'), #titles, 'Question')
  return titles[choice] and { title = titles[choice] } or vim.NIL
end

-- Commands.

--- Shows a page in a window of its own.
local function show_page(text)
  vim.cmd('botright new')
  local bufnr = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, vim.split(text, '\n'))
  vim.bo[bufnr].buftype, vim.bo[bufnr].bufhidden, vim.bo[bufnr].swapfile = 'nofile', 'wipe', false
  vim.bo[bufnr].modifiable, vim.bo[bufnr].filetype = false, 'markdown'
end

local function present(result)
  if type(result) == 'string' then
    show_page(result)
  elseif type(result) == 'table' then
    local bad = result.outcome == 'not-cured' or result.outcome == 'refused'
    local message = result.message or result.headline or ''
    if result.next and result.next ~= '' then
      message = message .. ' Next: ' .. result.next .. '.'
    end
    vim.notify(message, bad and vim.log.levels.WARN or vim.log.levels.INFO, { title = 'Go Phantom' })
  end
end

--- Runs a command of the server, such as "gophantom.check". done(err, result) is called at the end; without it the result is shown.
function M.execute(command, arguments, done)
  local client = ours()
  if not client then
    vim.notify('Go Phantom does not run: open a Go file.', vim.log.levels.WARN)
    return
  end
  ask_views(command == 'gophantom.check')
  send_now() -- what is to be judged is what is shown now
  call(client, 'request', 'workspace/executeCommand', { command = command, arguments = arguments }, function(err, result)
    if done then
      done(err, result)
    elseif err then
      vim.notify(err.message or vim.inspect(err), vim.log.levels.WARN, { title = 'Go Phantom' })
    else
      present(result)
    end
  end)
end

local function here()
  return { uri = vim.uri_from_bufnr(0), line = vim.api.nvim_win_get_cursor(0)[1] - 1 }
end

local user_commands = {
  GoPhantomCheck = { 'Look again, and judge what gopls shows', function() M.execute('gophantom.check') end },
  GoPhantomCure = { 'Run the best cure', function() M.execute('gophantom.cure') end },
  GoPhantomUndo = { 'Undo the last cure', function() M.execute('gophantom.undo') end },
  GoPhantomExplain = { 'Explain the problem in this line', function() M.execute('gophantom.explain', { here() }) end },
  GoPhantomBisect = {
    'Find the variables that break the package of this file',
    function() M.execute('gophantom.bisect', { { uri = vim.uri_from_bufnr(0) } }) end,
  },
}

-- The server.

local function start(root)
  local names = vim.tbl_keys(actions)
  table.sort(names)
  local commands = {} -- what code actions run; their results are shown
  for _, name in ipairs({ 'check', 'cure', 'fix', 'undo', 'explain', 'bisect', 'record', 'route', 'redacted', 'fleet', 'probe' }) do
    commands['gophantom.' .. name] = function(command)
      M.execute(command.command, command.arguments)
    end
  end
  id = start_client({
    name = 'gophantom',
    cmd = config.cmd,
    root_dir = root,
    init_options = { editorActions = names, editorName = 'Neovim', runsGopls = true },
    commands = commands,
    handlers = {
      ['gophantom/editorAction'] = editor_action,
      ['gophantom/status'] = function(_, status)
        M.status = status
        ask_views()
        vim.cmd('doautocmd <nomodeline> User GoPhantomStatus')
      end,
      ['window/showMessageRequest'] = ask,
    },
    on_init = function()
      vim.schedule(function()
        send_now()
        look_again()
      end)
    end,
    on_exit = function()
      id, M.status, views_of = nil, nil, nil
    end,
  })
end

--- The folder of a file: the nearest of what marks one.
local function root_of(file)
  local dir = vim.fn.fnamemodify(file, ':p:h')
  for _, marker in ipairs(config.root_markers) do
    local found = vim.fn.findfile(marker, dir .. ';')
    if found == '' then
      found = vim.fn.finddir(marker, dir .. ';')
    end
    if found ~= '' then
      local root = vim.fn.fnamemodify(found, ':p:h'):gsub('/%.git$', '')
      return root
    end
  end
  return dir
end

local function open(bufnr)
  local file = vim.api.nvim_buf_get_name(bufnr)
  if file == '' or vim.bo[bufnr].buftype ~= '' then
    return
  end
  local root = root_of(file)
  if not vim.tbl_contains(roots, root) then
    table.insert(roots, root)
  end
  if not id then
    start(root)
  end
  if id then
    vim.lsp.buf_attach_client(bufnr, id)
  end
  changed()
  look_again()
end

--- Everything of options is optional: see defaults.
function M.setup(options)
  config = vim.tbl_extend('force', defaults, options or {})
  for name, command in pairs(user_commands) do
    vim.api.nvim_create_user_command(name, command[2], { desc = 'Go Phantom: ' .. command[1] })
  end
  local inner = vim.lsp.handlers['textDocument/publishDiagnostics']
  vim.lsp.handlers['textDocument/publishDiagnostics'] = function(err, result, ctx, ...)
    if result then
      published[ctx.client_id] = published[ctx.client_id] or {}
      published[ctx.client_id][vim.uri_from_fname(vim.uri_to_fname(result.uri))] = tonumber(result.version)
    end
    return inner(err, result, ctx, ...)
  end
  local group = vim.api.nvim_create_augroup('GoPhantom', { clear = true })
  local function on(events, pattern, callback)
    vim.api.nvim_create_autocmd(events, { group = group, pattern = pattern, callback = callback })
  end
  on('FileType', { 'go', 'gomod', 'gowork', 'gosum' }, function(args) open(args.buf) end)
  on({ 'DiagnosticChanged', 'BufModifiedSet', 'BufWritePost', 'BufEnter', 'DirChanged' }, nil, function() changed() end)
  on('FocusGained', nil, function() focused = true; changed() end)
  on('FocusLost', nil, function() focused = false; changed() end)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do -- those that were opened before
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.tbl_contains({ 'go', 'gomod', 'gowork', 'gosum' }, vim.bo[bufnr].filetype) then
      open(bufnr)
    end
  end
end

return M
