"""The studio: options made, questioned and published in the browser, from files on this machine."""
