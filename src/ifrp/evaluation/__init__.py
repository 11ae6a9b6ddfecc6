"""Quality (PSNR, SSIM, FSIM) and identity (FRR, FCR) of recovered faces."""
