"""Stylised faces (SF): every style network applied to the warped faces."""
