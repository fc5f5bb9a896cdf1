// Nothing here is needed: it unfolds all at once, copies commands, opens what a
// link leads to, and unfolds for printing where the style cannot.
(function () {
  "use strict";
  var all = Array.from(document.querySelectorAll("details"));
  var button = document.getElementById("unfold");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var open = button.textContent === "Unfold all";
      all.forEach(function (d) { d.open = open; });
      button.textContent = open ? "Fold all" : "Unfold all";
    });
  }

  function reveal() {
    var at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!at || !at.classList.contains("finding") && !at.closest(".causes")) return;
    var own = at.querySelector("details");
    if (own) own.open = true;
    for (var up = at; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    at.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  var folded = [];
  addEventListener("beforeprint", function () {
    folded = all.filter(function (d) { return !d.open; });
    folded.forEach(function (d) { d.open = true; });
  });
  addEventListener("afterprint", function () {
    folded.forEach(function (d) { d.open = false; });
  });

  function copy(code) {
    if (navigator.clipboard) return navigator.clipboard.writeText(code.textContent);
    getSelection().selectAllChildren(code);
    return document.execCommand("copy") ? Promise.resolve() : Promise.reject();
  }
  document.querySelectorAll(".typed").forEach(function (pre) {
    var b = document.createElement("button");
    b.type = "button";
    b.className = "copy";
    b.textContent = "Copy";
    pre.after(b);
    b.addEventListener("click", function () {
      copy(pre.firstChild).then(function () { b.textContent = "Copied"; }, function () { b.textContent = "Select it by hand"; });
      setTimeout(function () { b.textContent = "Copy"; }, 2000);
    });
  });
})();
