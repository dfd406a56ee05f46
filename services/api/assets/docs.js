"use strict";
// Here and not in the page, so that the content security policy can forbid scripts in pages.
window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    // Off: it would send the document to a server of Swagger's.
    validatorUrl: null,
    presets: [window.SwaggerUIBundle.presets.apis],
  });
});
