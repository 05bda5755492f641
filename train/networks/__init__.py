"""Networks: our plain U-Net, our atrous one, any of segmentation-models-pytorch."""
