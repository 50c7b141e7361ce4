(() => {
  const filter = document.getElementById("filter");
  const count = document.getElementById("count");
  const found = [...document.querySelectorAll("[data-variable]")];
  const folds = [...document.querySelectorAll("details[data-fold]")];
  filter.closest("label").hidden = false;
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    let shown = 0;
    for (const element of found) {
      element.hidden = !element.textContent.toLowerCase().includes(wanted);
      shown += element.hidden || (element.tagName === "TR" && element.closest(".glance")) ? 0 : 1;
    }
    for (const fold of folds) fold.open = wanted !== "";
    count.textContent = wanted === "" ? "" : shown === 1 ? "1 variable" : `${shown} variables`;
  });
})();
