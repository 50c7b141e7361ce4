-- Plays an editor that only speaks LSP, for TestPlainNeovim: Neovim without gophantom.lua. See neovim.lua.
local seen = { messages = {} }

local function await(what, condition)
  if not vim.wait(60000, condition, 20) then
    error(what .. ' did not come')
  end
end

vim.env.GOFLAGS = '-mod=vendor'

vim.lsp.handlers['window/showMessage'] = function(_, params)
  table.insert(seen.messages, params.message)
end

local function play()
  vim.cmd('edit main.go')
  local function start(name, cmd)
    local id = vim.lsp.start_client({ name = name, cmd = cmd, root_dir = vim.fn.getcwd() })
    vim.lsp.buf_attach_client(0, id)
    await(name, function() return vim.lsp.get_client_by_id(id) ~= nil end)
    return vim.lsp.get_client_by_id(id)
  end
  start('gopls', { vim.env.PLAY_GOPLS })
  local ours = start('gophantom', { vim.env.PLAY_GOPHANTOM, 'lsp' })
  local function phantoms()
    return vim.tbl_filter(function(d)
      return ((d.user_data or {}).lsp or {}).code == 'phantom'
    end, vim.diagnostic.get(0))
  end
  local function actions()
    local items
    vim.ui.select = function(choices) items = vim.tbl_map(function(c) return (c.action or c[2]).title end, choices) end
    vim.lsp.buf.code_action()
    await('code actions', function() return items end)
    return items
  end

  await('the red of gopls', function() return #vim.diagnostic.get(0) > 0 end)
  vim.api.nvim_win_set_cursor(0, { vim.diagnostic.get(0)[1].lnum + 1, 0 })
  seen.before = #phantoms()
  seen.actionsBefore = actions()
  local answer
  ours.request('workspace/executeCommand', { command = 'gophantom.check' }, function(err, result)
    answer = { err = err, result = result }
  end)
  await('the answer', function() return answer end)
  seen.err = answer.err and vim.inspect(answer.err) or nil
  seen.status = answer.result
  await('the verdict', function() return #phantoms() > 0 end)
  seen.verdict = phantoms()[1].message
  seen.actions = actions()
end

vim.api.nvim_create_autocmd('VimEnter', {
  callback = function()
    vim.schedule(function()
      local ok, err = pcall(play)
      seen.failed = not ok and tostring(err) or nil
      vim.fn.writefile({ vim.fn.json_encode(seen) }, vim.env.PLAY_RESULT)
      vim.cmd('qa!')
    end)
  end,
})
