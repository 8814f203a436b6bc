// Marks each value whose valid_until has passed, on a page that was kept for too long.
"use strict";
function mark() {
  let passed = 0;
  for (const one of document.querySelectorAll("[data-valid-until]")) {
    const old = Date.now() >= Date.parse(one.dataset.validUntil);
    one.classList.toggle("past", old);
    passed += old;
  }
  document.getElementById("past").hidden = passed === 0;
}
mark();
setInterval(mark, 15000);
