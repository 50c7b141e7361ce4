-- Plays a developer in Neovim, for TestNeovim. Variables that begin with PLAY_ say where things are. What was seen is written as JSON; the
-- reason for an end that came too early is in it, too.
local seen = { notified = {} }
local patience = 120000

local function finish()
  vim.fn.writefile({ vim.fn.json_encode(seen) }, vim.env.PLAY_RESULT)
  vim.cmd('qa!')
end

local function await(what, condition)
  if not vim.wait(patience, condition, 20) then
    error(what .. ' did not come')
  end
end

vim.notify = function(message)
  table.insert(seen.notified, message)
end

local function awaitNotice(pattern)
  local from = #seen.notified + 1
  return function()
    local found
    await('a notice with ' .. pattern, function()
      for i = from, #seen.notified do
        found = seen.notified[i]:match(pattern) and seen.notified[i] or found
      end
      return found
    end)
    return found
  end
end

-- What a plugin for .env files does at its start.
vim.env.GOFLAGS = '-mod=vendor'

local gophantom = dofile(vim.env.PLAY_MODULE)
gophantom.setup({ cmd = { vim.env.PLAY_GOPHANTOM, 'lsp' } })

-- What the configuration of a user does.
vim.api.nvim_create_autocmd('FileType', {
  pattern = 'go',
  callback = function(args)
    local options = {
      name = 'gopls',
      cmd = { vim.env.PLAY_GOPLS },
      root_dir = vim.fn.getcwd(),
      settings = { gopls = { ['build.buildFlags'] = { '-tags=fromsettings' }, ['ui.diagnostic.staticcheck'] = false } },
    }
    if vim.fn.has('nvim-0.11') == 1 then
      vim.lsp.start(options, { bufnr = args.buf })
    else
      vim.lsp.buf_attach_client(args.buf, vim.lsp.start_client(options))
    end
  end,
})

local function shown(source)
  return vim.tbl_filter(function(d)
    return (d.source == 'gophantom') == (source == 'gophantom') and d.severity <= vim.diagnostic.severity.WARN
  end, vim.diagnostic.get(0))
end

local function phantoms()
  return vim.tbl_filter(function(d)
    return (d.code or (d.user_data and d.user_data.lsp or {}).code) == 'phantom'
  end, shown('gophantom'))
end

local function awaitPhantom()
  await('the verdict', function()
    return #phantoms() > 0 and #shown('gopls') > 0 and gophantom.status and gophantom.status.ready
      and gophantom.status.counts.phantom > 0 -- it comes after the diagnostics
  end)
end

local function play()
  vim.cmd('edit main.go')
  awaitPhantom()
  seen.verdict = phantoms()[1].message
  seen.red = shown('gopls')[1].message
  seen.status = gophantom.status

  -- A change that is not saved makes it undecided.
  vim.api.nvim_buf_set_lines(0, -1, -1, false, { '// not saved' })
  await('the unsaved document', function()
    return vim.tbl_contains(gophantom.facts().dirty, vim.api.nvim_buf_get_name(0)) and gophantom.status.counts.phantom == 0
  end)
  vim.cmd('silent write')
  awaitPhantom()
  await('the views of gopls', function() return gophantom.facts().views end)
  seen.facts = gophantom.facts()

  -- The page about the problem.
  vim.api.nvim_win_set_cursor(0, { shown('gopls')[1].lnum + 1, 0 })
  vim.cmd('GoPhantomExplain')
  await('the page', function()
    return vim.bo.filetype == 'markdown'
  end)
  seen.page = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
  vim.cmd('quit')

  -- The code action that cures.
  local items
  vim.ui.select = function(choices, _, choose)
    items = {}
    for i, item in ipairs(choices) do
      local action = item.action or item[2]
      table.insert(items, action.title)
      if action.title:match(vim.env.PLAY_CURE) then
        items.chosen = i
      end
    end
    choose(items.chosen and choices[items.chosen] or nil, items.chosen)
  end
  local cured = awaitNotice('^Cured')
  vim.lsp.buf.code_action()
  await('code actions', function() return items end)
  items.chosen = nil
  seen.actions = items
  seen.cured = cured()
  seen.redAfterCure = #shown('gopls')
  seen.goflagsAfterCure = vim.env.GOFLAGS or ''

  -- Back, which makes it red again, and forth by the command.
  local undone = awaitNotice('^Undone')
  vim.cmd('GoPhantomUndo')
  seen.undone = undone()
  seen.goflagsAfterUndo = vim.env.GOFLAGS or ''
  awaitPhantom()
  local headline = awaitNotice('[Pp]hantom')
  vim.cmd('GoPhantomCheck')
  seen.headline = headline()
  cured = awaitNotice('^Cured')
  vim.cmd('GoPhantomCure')
  seen.curedAgain = cured()

  -- A package that somebody else makes: this Neovim watches no files for gopls, which goes on to miss it.
  local text = { 'package main', '', 'import "example.com/app/later"', '', 'func main() { println(later.X) }' }
  vim.api.nvim_buf_set_lines(0, 0, -1, false, text)
  vim.cmd('silent write')
  await('the missing package', function()
    return #shown('gopls') > 0 and shown('gopls')[1].message:match('app/later')
  end)
  seen.versioned = gophantom.facts().problems
  vim.fn.mkdir('later')
  vim.fn.writefile({ 'package later', '', 'const X = 1' }, 'later/later.go')
  vim.cmd('GoPhantomCheck')
  awaitPhantom()
  seen.staleHeadline = gophantom.status.headline
  seen.staleCure = gophantom.status.cure
  cured = awaitNotice('^Cured')
  vim.cmd('GoPhantomCure')
  seen.curedStale = cured()
  seen.redAtTheEnd = #shown('gopls')
end

seen.kept = {}
for _, name in ipairs(vim.split(vim.env.PLAY_NAMES, ',')) do
  seen.kept[name] = gophantom.kept(name)
end

vim.api.nvim_create_autocmd('VimEnter', {
  callback = function()
    vim.schedule(function()
      local ok, err = pcall(play)
      if not ok then
        seen.failed = tostring(err)
        seen.status = gophantom.status
        seen.shown = { gopls = shown('gopls'), gophantom = shown('gophantom') }
      end
      pcall(finish)
      vim.cmd('cquit')
    end)
  end,
})
